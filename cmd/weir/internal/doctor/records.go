package doctor

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"
	"strings"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// LongFlow is how long a flow may take until it counts as long. An exporter whose
// active timeout is shorter never sends a longer one.
const LongFlow = 5*time.Minute + 10*time.Second

// Protocol numbers.
const protoTCP = 6

// records takes in the records of one exporter.
func (d *Doctor) records(o *message.Origin, b *flow.Batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.exporter(o)
	if e == nil {
		return
	}
	for i := range b.Len() {
		r := b.At(i)
		e.littleEndian(r)
		if r.Has(flow.FieldFlowExporterAgent) && !e.agents[r.FlowExporterAgent] && d.room(len(e.agents), maxAgents) {
			e.agents[r.FlowExporterAgent] = true
		}
		if r.Kind == flow.KindFlow {
			d.flow(e, r)
		}
	}
}

func (d *Doctor) flow(e *exporter, r *flow.Record) {
	f := &e.Flow
	if r.FlowTimeSource != "" {
		f.Times[r.FlowTimeSource]++
	}
	event := r.Has(flow.FieldEventAction)
	if length := time.Duration(r.EventDuration); r.Has(flow.FieldEventDuration) && !event {
		f.Longest = max(f.Longest, length.Seconds())
		if length > LongFlow {
			f.Long++
		}
	}
	if r.Has(flow.FieldSourceASNumber) || r.Has(flow.FieldDestinationASNumber) {
		f.AS++
	}
	if r.SourceIP.Is4In6() || r.DestinationIP.Is4In6() {
		f.Mapped++
	}
	if r.Has(flow.FieldSourceNATIP) || r.Has(flow.FieldDestinationNATIP) {
		f.NAT++
	}
	if r.NetworkBytes == 0 && r.NetworkPackets == 0 && !event {
		f.Empty++
	}
	key := rate{r.FlowSamplingRate, r.FlowSamplingSource}
	if _, known := e.rates[key]; known || d.room(len(e.rates), maxRates) {
		e.rates[key]++
	}
	d.named(e, r)
	if r.NetworkIANANumber == protoTCP && r.Has(flow.FieldSourcePort) && r.Has(flow.FieldDestinationPort) && r.SourceIP.IsValid() && r.DestinationIP.IsValid() {
		d.conversation(e, r)
	}
}

// named notes interfaces and applications, and whether they have names.
func (d *Doctor) named(e *exporter, r *flow.Record) {
	interfaceSeen := func(field flow.FieldID, id uint32, name string) {
		if !r.Has(field) || id == 0 {
			return
		}
		if known, there := e.interfaces[id]; there && !known && name != "" || !there && d.room(len(e.interfaces), maxNames) {
			e.interfaces[id] = name != ""
		}
	}
	interfaceSeen(flow.FieldIngressInterfaceID, r.IngressInterfaceID, r.IngressInterfaceName)
	interfaceSeen(flow.FieldEgressInterfaceID, r.EgressInterfaceID, r.EgressInterfaceName)
	if id := r.FlowApplicationID; r.Has(flow.FieldFlowApplicationID) {
		named := r.Has(flow.FieldNetworkApplication)
		if known, there := e.applications[id]; there && !known && named || !there && d.room(len(e.applications), maxNames) {
			e.applications[strings.Clone(id)] = named
		}
	}
}

// conversation notes in which direction a TCP connection was seen. A router that
// translates addresses sees the two directions with different ones.
func (d *Doctor) conversation(e *exporter, r *flow.Record) {
	source, destination := netip.AddrPortFrom(r.SourceIP, r.SourcePort), netip.AddrPortFrom(r.DestinationIP, r.DestinationPort)
	d.direction(e, source, destination, r)
	if !r.Has(flow.FieldSourceNATIP) && !r.Has(flow.FieldDestinationNATIP) {
		return
	}
	translate := func(end netip.AddrPort, ip, port flow.FieldID, addr netip.Addr, to uint16) netip.AddrPort {
		if r.Has(ip) && addr.IsValid() && !addr.IsUnspecified() {
			end = netip.AddrPortFrom(addr, end.Port())
		}
		if r.Has(port) && to != 0 {
			end = netip.AddrPortFrom(end.Addr(), to)
		}
		return end
	}
	s := translate(source, flow.FieldSourceNATIP, flow.FieldSourceNATPort, r.SourceNATIP, r.SourceNATPort)
	t := translate(destination, flow.FieldDestinationNATIP, flow.FieldDestinationNATPort, r.DestinationNATIP, r.DestinationNATPort)
	if s != source || t != destination {
		d.direction(e, s, t, r)
	}
}

func (d *Doctor) direction(e *exporter, source, destination netip.AddrPort, r *flow.Record) {
	bit := uint8(1)
	if source.Compare(destination) > 0 {
		source, destination, bit = destination, source, 2
	}
	if r.DestinationPackets > 0 || r.DestinationBytes > 0 {
		bit = 3 // a record of both directions
	}
	var b [36]byte
	from, to := source.Addr().As16(), destination.Addr().As16()
	copy(b[:], from[:])
	copy(b[16:], to[:])
	binary.BigEndian.PutUint16(b[32:], source.Port())
	binary.BigEndian.PutUint16(b[34:], destination.Port())
	key := maphash.Bytes(d.seed, b[:])
	if old, known := e.conversations[key]; known {
		e.conversations[key] = old | bit
	} else if d.room(len(e.conversations), maxConversations) {
		e.conversations[key] = bit
	}
}

// littleEndian counts sampling values that RouterOS wrote with the low byte first:
// those that the decoder turns round.
func (e *exporter) littleEndian(r *flow.Record) {
	for i := range r.Extra {
		x := &r.Extra[i]
		if x.Kind != flow.ElementUint || x.Num < 1<<24 || x.Num > 1<<32-1 || bits.ReverseBytes32(uint32(x.Num)) >= 1<<20 {
			continue
		}
		switch x.Name {
		case "samplingInterval", "samplingPacketInterval", "samplingPacketSpace", "samplerRandomInterval", "samplingSize", "samplingPopulation":
			e.Flow.LittleEndian++
		}
	}
}
