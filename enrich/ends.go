package enrich

import (
	"github.com/weirflow/weir/enrich/service"
	"github.com/weirflow/weir/flow"
)

// TCP flags (RFC 9293).
const (
	flagSYN = 0x02
	flagACK = 0x10
)

var broadcastMAC = flow.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// side is the end of a flow that was asked.
type side uint8

const (
	unknown side = iota
	source
	destination
)

// ends sets flow.client.ip, flow.server.ip and flow.server.port when the record
// tells which end asked: a group address is asked, never asks; a lone SYN comes
// from the client and a lone SYN+ACK from the server; else the better known
// port is the server's; else the lower one. Without ports only ICMP echo tells.
// What the exporter has told stays.
//
// Where addresses are translated, both directions of a conversation give the same
// ends: the source counts before its translation, the destination after.
func (w *Worker) ends(r *flow.Record, from, to class) {
	if r.Has(flow.FieldFlowClientIP) && r.Has(flow.FieldFlowServerIP) {
		return
	}
	target, port := r.DestinationIP, r.DestinationPort
	if r.Has(flow.FieldDestinationNATIP) {
		target = r.DestinationNATIP
		if r.Has(flow.FieldDestinationNATPort) && r.DestinationNATPort != 0 {
			port = r.DestinationNATPort
		}
	}
	server := w.server(r, from, to)
	switch server {
	case source:
		r.SetFlowClientIP(target)
		r.SetFlowServerIP(r.SourceIP)
	case destination:
		r.SetFlowClientIP(r.SourceIP)
		r.SetFlowServerIP(target)
	default:
		return
	}
	if !service.HasPorts(r.NetworkIANANumber) || !r.Has(flow.FieldNetworkIANANumber) {
		return
	}
	if server == source && r.Has(flow.FieldSourcePort) {
		r.SetFlowServerPort(r.SourcePort)
	} else if server == destination && r.Has(flow.FieldDestinationPort) {
		r.SetFlowServerPort(port)
	}
}

func (w *Worker) server(r *flow.Record, from, to class) side {
	if to&group != 0 || r.Has(flow.FieldDestinationMAC) && r.DestinationMAC == broadcastMAC {
		return destination
	}
	if !r.Has(flow.FieldNetworkIANANumber) {
		return unknown
	}
	protocol := r.NetworkIANANumber
	if protocol == service.ICMP || protocol == service.IPv6ICMP {
		kind, _, ok := icmp(r)
		switch {
		case !ok:
		case protocol == service.ICMP && kind == 8, protocol == service.IPv6ICMP && kind == 128:
			return destination
		case protocol == service.ICMP && kind == 0, protocol == service.IPv6ICMP && kind == 129:
			return source
		}
		return unknown
	}
	if !service.HasPorts(protocol) || !r.Has(flow.FieldSourcePort) || !r.Has(flow.FieldDestinationPort) {
		return unknown
	}
	if protocol == service.TCP && r.Has(flow.FieldFlowTCPFlags) {
		switch flags := r.FlowTCPFlags & (flagSYN | flagACK); {
		case flags == flagSYN:
			return destination
		case r.FlowTCPFlags&0x3f == flagSYN|flagACK && packets(r) == 1:
			// In a longer flow the flags of all packets are one set, and both
			// ends' sets look alike.
			return source
		}
	}
	a, b := w.rank(protocol, r.SourcePort), w.rank(protocol, r.DestinationPort)
	if a > b || a == b && r.SourcePort < r.DestinationPort && r.SourcePort != 0 {
		return source
	}
	return destination
}

// packets is how many packets the exporter saw, before scaling.
func packets(r *flow.Record) uint64 {
	if r.Has(flow.FieldFlowSamplingPackets) {
		return r.FlowSamplingPackets
	}
	if r.Has(flow.FieldNetworkPackets) {
		return r.NetworkPackets
	}
	return 0
}

// rank says how likely a port is a server's. The upper registrations overlap
// with the ports that hosts take for the client's end.
func (w *Worker) rank(protocol uint8, port uint16) int {
	switch tables := w.chain.tables; {
	case port == 0:
		return -1
	case tables.shipped.KnowsPort(protocol, port):
		return 3
	case tables.services.Name(protocol, port) == "":
		return 0
	case port < 1024:
		return 2
	}
	return 1
}

// icmp is type and code. Exporters without fields for them put type × 256 +
// code into the destination port.
func icmp(r *flow.Record) (kind, code uint8, ok bool) {
	if r.Has(flow.FieldFlowICMPType) {
		if r.Has(flow.FieldFlowICMPCode) {
			code = r.FlowICMPCode
		}
		return r.FlowICMPType, code, true
	}
	if r.Has(flow.FieldDestinationPort) {
		return uint8(r.DestinationPort >> 8), uint8(r.DestinationPort), true
	}
	return 0, 0, false
}
