package netflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Sizes of NetFlow v5 in bytes, from Cisco's NetFlow export datagram format.
const (
	header5Len = 24
	record5Len = 48
)

// netflow5 decodes a NetFlow v5 datagram. The header's count is a claim: as
// many records are read as there are bytes for.
func (m *run) netflow5(b []byte) {
	if len(b) < header5Len {
		m.problem(message.ReasonTruncatedHeader, 0, 0, "%d bytes are too few for a NetFlow v5 header of %d", len(b), header5Len)
		return
	}
	count := int(binary.BigEndian.Uint16(b[2:]))
	uptime := binary.BigEndian.Uint32(b[4:])
	seconds, nanos := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	sequence := binary.BigEndian.Uint32(b[16:])
	engineType, engineID := b[20], b[21]
	// The two high bits are the sampling mode, not part of the interval.
	interval := uint64(binary.BigEndian.Uint16(b[22:]) & 0x3fff)

	m.res.Domain = uint32(engineType)<<8 | uint32(engineID)
	m.exported = unixSeconds(seconds) + unixNanos(min(nanos, 999_999_999))
	m.boot, m.hasBoot = m.exported.add(-uptimeMillis(uptime).length()), true
	m.header.SysUptime = uptime
	m.skew()

	body := b[header5Len:]
	there := len(body) / record5Len
	n := min(count, there)
	switch {
	case there < count:
		m.problem(message.ReasonTruncatedRecord, 0, header5Len+there*record5Len, "the header counts %d records, there are bytes for %d", count, there)
	case len(body) > count*record5Len:
		m.problem(message.ReasonTrailingBytes, 0, header5Len+count*record5Len, "the header counts %d records, %d bytes follow them", count, len(body)-count*record5Len)
	}
	d := m.x.domain(m.store, m.res.Protocol, m.res.Domain)
	if d == nil {
		m.res.Add(message.ReasonTemplateLimit, 0, 0, errDomains)
		return
	}
	m.domain = d
	m.res.Lost, m.res.Reordered = d.sequence.next(sequence, uint32(count), true)
	for i := range n {
		m.record5(body[i*record5Len:(i+1)*record5Len], interval, engineType, engineID)
	}
}

// record5 decodes one record of 48 bytes.
func (m *run) record5(b []byte, interval uint64, engineType, engineID uint8) {
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
	r.SetFlowTCPFlags(uint16(b[37]))
	r.SetNetworkIANANumber(b[38])
	r.SetFlowToS(b[39])
	if as := binary.BigEndian.Uint16(b[40:]); as != 0 {
		r.SetSourceASNumber(uint32(as))
	}
	if as := binary.BigEndian.Uint16(b[42:]); as != 0 {
		r.SetDestinationASNumber(uint32(as))
	}
	r.SetSourcePrefixLength(b[44])
	r.SetDestinationPrefixLength(b[45])
	r.SetFlowExporterEngineType(engineType)
	r.SetFlowExporterEngineID(engineID)
	s.sampling.put(samplingInterval, interval)
	m.finish(r)
	m.res.Flows++
}
