package netflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Sizes of NetFlow v5 in bytes.
const (
	header5Len = 24
	record5Len = 48
)

// layout tells the formats of fixed records apart, from Cisco's NetFlow export
// datagram formats. They share the record's first 36 bytes.
type layout struct {
	// header and record are sizes in bytes.
	header, record int
	// flags is where the TCP flags are; IP protocol and type of service stand at
	// 38 and 39.
	flags int
	// numbered tells a header with a sequence number of flows, and records with AS
	// numbers and prefix lengths.
	numbered bool
}

// layouts is by protocol; a record size of 0 marks those of templates.
var layouts = [message.NumProtocols]layout{
	message.NetFlow1: {header: 16, record: record5Len, flags: 40},
	message.NetFlow5: {header: header5Len, record: record5Len, flags: 37, numbered: true},
	message.NetFlow7: {header: 24, record: 52, flags: 37, numbered: true},
}

// head5 is what NetFlow v5's header says about every record; NetFlow v7 has
// nothing there, nor has v1.
type head5 struct {
	engineType, engineID uint8
	interval             uint64
}

// fixed decodes a datagram of NetFlow v1, v5 or v7. The header's count is a claim:
// as many records are read as there are bytes for.
func (m *run) fixed(f *layout, b []byte) {
	if len(b) < f.header {
		m.problem(message.ReasonTruncatedHeader, 0, 0, "%d bytes are too few for a header of %d", len(b), f.header)
		return
	}
	count := int(binary.BigEndian.Uint16(b[2:]))
	uptime := binary.BigEndian.Uint32(b[4:])
	seconds, nanos := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	var head head5
	if m.res.Protocol == message.NetFlow5 {
		// The two high bits are the sampling mode, not part of the interval.
		head = head5{b[20], b[21], uint64(binary.BigEndian.Uint16(b[22:]) & 0x3fff)}
		m.res.Domain = uint32(head.engineType)<<8 | uint32(head.engineID)
	}
	m.exported = unixSeconds(seconds) + unixNanos(min(nanos, 999_999_999))
	m.boot, m.hasBoot = m.exported.add(-uptimeMillis(uptime).length()), true
	m.header.SysUptime = uptime
	m.skew()

	body := b[f.header:]
	there := len(body) / f.record
	n := min(count, there)
	switch {
	case there < count:
		m.problem(message.ReasonTruncatedRecord, 0, f.header+there*f.record, "the header counts %d records, there are bytes for %d", count, there)
	case len(body) > count*f.record:
		m.problem(message.ReasonTrailingBytes, 0, f.header+count*f.record, "the header counts %d records, %d bytes follow them", count, len(body)-count*f.record)
	}
	d := m.x.domain(m.store, m.res.Protocol, m.res.Domain)
	if d == nil {
		m.res.Add(message.ReasonTemplateLimit, 0, 0, errDomains)
		return
	}
	m.domain = d
	if f.numbered {
		m.res.Lost, m.res.Reordered = d.sequence.next(binary.BigEndian.Uint32(b[16:]), uint32(count), true)
	}
	for i := range n {
		m.fixedRecord(f, body[i*f.record:(i+1)*f.record], head)
	}
}

// fixedRecord decodes one record.
func (m *run) fixedRecord(f *layout, b []byte, head head5) {
	r := m.begin(flow.KindFlow)
	s := &m.scratch
	s.reset()
	r.SetSourceIP(netip.AddrFrom4([4]byte(b[0:4])))
	r.SetDestinationIP(netip.AddrFrom4([4]byte(b[4:8])))
	if hop := netip.AddrFrom4([4]byte(b[8:12])); !hop.IsUnspecified() {
		r.SetFlowNextHop(hop)
	}
	r.SetIngressInterfaceID(uint32(binary.BigEndian.Uint16(b[12:])))
	r.SetEgressInterfaceID(uint32(binary.BigEndian.Uint16(b[14:])))
	s.put(counterPackets, uint64(binary.BigEndian.Uint32(b[16:])))
	s.put(counterOctets, uint64(binary.BigEndian.Uint32(b[20:])))
	s.startUptime, s.hasStartUptime = uptimeMillis(binary.BigEndian.Uint32(b[24:])), true
	s.endUptime, s.hasEndUptime = uptimeMillis(binary.BigEndian.Uint32(b[28:])), true
	r.SetSourcePort(binary.BigEndian.Uint16(b[32:]))
	r.SetDestinationPort(binary.BigEndian.Uint16(b[34:]))
	r.SetFlowTCPFlags(uint16(b[f.flags]))
	r.SetNetworkIANANumber(b[38])
	r.SetFlowToS(b[39])
	if f.numbered {
		if as := binary.BigEndian.Uint16(b[40:]); as != 0 {
			r.SetSourceASNumber(uint32(as))
		}
		if as := binary.BigEndian.Uint16(b[42:]); as != 0 {
			r.SetDestinationASNumber(uint32(as))
		}
		r.SetSourcePrefixLength(b[44])
		r.SetDestinationPrefixLength(b[45])
	}
	switch m.res.Protocol {
	case message.NetFlow5:
		r.SetFlowExporterEngineType(head.engineType)
		r.SetFlowExporterEngineID(head.engineID)
		s.sampling.put(samplingInterval, head.interval)
	case message.NetFlow7: // a switch: the router that it spared the packets
		if router := b[48:52]; !allZero(router) {
			r.Extra = append(r.Extra, flow.Element{Name: "ipv4RouterSc", Kind: flow.ElementAddr, Bytes: m.w.Copy(router)})
		}
	}
	m.finish(r)
	m.res.Flows++
}
