package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/flow"
)

// Records of 802.11 (sflow.org/sflow_80211.txt).

// What follows the network's name and its access point's address. Durations are
// microseconds, the speed is bits per second.
var (
	wlanRx = []field{{name: "wlan_version"}, {name: "wlanChannelId"}, {name: "wlan_speed", as: hyper}, {name: "wlan_rsni"}, {name: "wlan_rcpi"}, {name: "wlan_packet_duration"}}
	wlanTx = []field{{name: "wlan_version"}, {name: "wlan_transmissions"}, {name: "wlan_packet_duration"}, {name: "wlan_retrans_duration"}, {name: "wlanChannelId"},
		{name: "wlan_speed", as: hyper}, {name: "wlan_power"}}
)

// Bytes of those values.
const (
	wlanRxLen = 28
	wlanTxLen = 32
)

// wlanRadio reads extended_80211_rx or extended_80211_tx.
func (m *run) wlanRadio(r *flow.Record, sent bool, p []byte) bool {
	ssid, at, ok := text(p, 0)
	if !ok {
		return false
	}
	if len(ssid) > 0 {
		r.SetNetworkName(m.string(ssid))
	}
	values, need := wlanRx, wlanRxLen
	if sent {
		values, need = wlanTx, wlanTxLen
	}
	p = p[at:]
	padded := 8 // a MAC address as XDR pads it; some agents send the 6 octets alone
	if len(p) < need+padded {
		padded = 6
	}
	if len(p) < padded {
		return false
	}
	if bssid := flow.MAC(p[:6]); bssid != (flow.MAC{}) {
		r.SetFlowAccessPointMAC(bssid)
	}
	p = p[padded:]
	for i := range values {
		if p, ok = m.value(r, &values[i], p); !ok {
			return false
		}
	}
	return true
}

// wlanPayload reads extended_80211_payload: what an encrypted frame holds, in the
// clear. It begins with LLC.
func wlanPayload(r *flow.Record, p []byte, size *octets) bool {
	data, _, ok := text(p, 4) // behind the cipher suite
	if !ok {
		return false
	}
	count(r, "wlan_cipher_suite", uint64(binary.BigEndian.Uint32(p)))
	if r.Has(flow.FieldNetworkType) {
		return true
	}
	if d := llc(r, data, 0); d.length != 0 {
		*size = octets{d.length, true}
	}
	return true
}
