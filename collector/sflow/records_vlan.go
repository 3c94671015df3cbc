package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/flow"
)

// vlanStack reads a list of VLAN tags, outermost first, each with its type and
// control information (extended_vlantunnel, extended_vlanin, extended_vlanout).
// All of them are elements.
//
// The tags of a VLAN tunnel were taken off before the header was sampled, so they
// stand in front of those that it has. Those on the way in are the packet's own
// unless its header showed some.
func vlanStack(r *flow.Record, slot uint8, p []byte) bool {
	if len(p) < 4 {
		return false
	}
	n := uint64(binary.BigEndian.Uint32(p))
	p = p[4:]
	whole := n*4 <= uint64(len(p))
	name := "vlan_tunnel"
	switch slot {
	case slotVLANIn:
		name = "vlan_in"
	case slotVLANOut:
		name = "vlan_out"
	}
	var stack [2]uint16
	kept := 0
	for i := uint64(0); i < min(n, uint64(len(p)/4), maxTags); i++ {
		id := binary.BigEndian.Uint16(p[4*i+2:]) & 0xfff
		if id == 0 || id == vlanReserve {
			continue
		}
		count(r, name, uint64(id))
		if kept < len(stack) {
			stack[kept] = id
			kept++
		}
	}
	if kept == 0 {
		return whole
	}
	switch slot {
	case slotVLANTunnel:
		if kept == 1 && r.Has(flow.FieldNetworkVLANID) {
			stack[1] = r.NetworkVLANID
		}
		r.SetNetworkVLANID(stack[0])
		if stack[1] != 0 {
			r.SetNetworkInnerVLANID(stack[1])
		}
	case slotVLANIn:
		r.SetIngressVLANID(stack[0])
		if !r.Has(flow.FieldNetworkVLANID) {
			r.SetNetworkVLANID(stack[0])
			if kept == 2 {
				r.SetNetworkInnerVLANID(stack[1])
			}
		}
	case slotVLANOut:
		r.SetEgressVLANID(stack[0])
	}
	return whole
}

// extSwitchLen is the bytes of an extended_switch.
const extSwitchLen = 16

// maxPriority is the highest priority of IEEE 802.1p; 0, the default, is not
// worth an element, and agents write all ones for unknown.
const maxPriority = 7

// extendedSwitch takes the VLANs on both sides. The one on the way in is the
// packet's own when the sampled header has no tag: the switch took it off.
func extendedSwitch(r *flow.Record, p []byte) bool {
	if len(p) < extSwitchLen {
		return false
	}
	// 0 is no VLAN, and agents write all ones for unknown.
	if v := binary.BigEndian.Uint32(p); v != 0 && v < vlanReserve {
		r.SetIngressVLANID(uint16(v))
		if !r.Has(flow.FieldNetworkVLANID) {
			r.SetNetworkVLANID(uint16(v))
		}
	}
	if v := binary.BigEndian.Uint32(p[8:]); v != 0 && v < vlanReserve {
		r.SetEgressVLANID(uint16(v))
	}
	if v := binary.BigEndian.Uint32(p[4:]); v != 0 && v <= maxPriority {
		count(r, "src_priority", uint64(v))
	}
	if v := binary.BigEndian.Uint32(p[12:]); v != 0 && v <= maxPriority {
		count(r, "dst_priority", uint64(v))
	}
	return true
}
