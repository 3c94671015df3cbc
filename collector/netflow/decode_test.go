package netflow

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/ipfix"
)

const exported = 1_790_000_000 // seconds

func TestClaims(t *testing.T) {
	for _, f := range catalogue.Fields {
		for _, name := range f.Elements {
			k := elementOf(name)
			if _, ok := ipfix.Lookup(k.pen, k.id); !ok || k.id == 0 {
				t.Errorf("%s: element %q is not registered", f.Name, name)
			}
		}
	}
	if c := claims[elementKey{0, 27}]; c.field != flow.FieldSourceIP || c.rank != 1 {
		t.Errorf("sourceIPv6Address feeds %s with rank %d", c.field, c.rank)
	}
}

func TestNetFlow5(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	list := b.decode(v5Packet(2, 2, 600_000, exported, 0x4000|100, 500_000, 590_000))
	b.clean()
	if len(list) != 2 {
		t.Fatalf("%d records, want 2", len(list))
	}
	r := &list[1]
	at := func(seconds int64) int64 { return (exported - 600 + seconds) * 1e9 }
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"source.ip", r.SourceIP, netip.MustParseAddr("10.0.0.2")},
		{"destination.port", r.DestinationPort, uint16(443)},
		{"network.bytes", r.NetworkBytes, uint64(70000)},
		{"network.packets", r.NetworkPackets, uint64(700)},
		{"flow.sampling.bytes", r.FlowSamplingBytes, uint64(700)},
		{"flow.sampling.rate", r.FlowSamplingRate, uint64(100)},
		{"flow.sampling.source", r.FlowSamplingSource, "record"},
		{"event.start", r.EventStart, at(500)},
		{"event.end", r.EventEnd, at(590)},
		{"@timestamp", r.Timestamp, at(590)},
		{"event.duration", r.EventDuration, int64(90 * time.Second)},
		{"flow.time_source", r.FlowTimeSource, "uptime"},
		{"flow.tcp_flags", r.FlowTCPFlags, uint16(0x12)},
		{"flow.tos", r.FlowToS, uint8(0xb8)},
		{"source.as.number", r.SourceASNumber, uint32(64496)},
		{"destination AS present", r.Has(flow.FieldDestinationASNumber), false},
		{"next hop present", r.Has(flow.FieldFlowNextHop), false},
		{"domain", r.FlowExporterDomain, uint32(0x102)},
		{"egress", r.EgressInterfaceID, uint32(4)},
		{"prefix", r.SourcePrefixLength, uint8(24)},
		{"type", r.NetworkType, "ipv4"},
		{"observer.name", r.ObserverName, "127.0.0.1"},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestNetFlow5CountLies(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	if n := len(b.decode(v5Packet(30, 1, 0, exported, 0, 0, 0))); n != 1 {
		t.Errorf("%d records of a datagram with bytes for 1", n)
	}
	b.problem(message.ReasonTruncatedRecord, 1)
	if n := len(b.decode(v5Packet(1, 3, 0, exported, 0, 0, 0))); n != 1 {
		t.Errorf("%d records of a datagram that counts 1", n)
	}
	b.problem(message.ReasonTrailingBytes, 1)
}

func TestUptimeWraps(t *testing.T) {
	// The flow ended 1 s before the 32-bit uptime wrapped, 2 s before the export.
	b := newTestbed(t, DefaultConfig())
	r := &b.decode(v5Packet(1, 1, 1000, exported, 0, 1<<32-5000, 1<<32-1000))[0]
	if want := int64(exported-2) * 1e9; r.EventEnd != want {
		t.Errorf("event.end is %s off", time.Duration(r.EventEnd-want))
	}
	if r.EventDuration != 4e9 {
		t.Errorf("duration %d ns, want 4 s", r.EventDuration)
	}
}

func TestClockSkew(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.o.Received = (exported + 7200) * 1e9
	r := &b.decode(v5Packet(1, 1, 10_000, exported, 0, 4000, 9000))[0]
	if r.FlowTimeSource != "received" || r.EventEnd != b.o.Received || r.EventDuration != 5e9 {
		t.Errorf("times come from %s, end %d, duration %d; want received, %d, 5 s", r.FlowTimeSource, r.EventEnd, r.EventDuration, b.o.Received)
	}
	if r.FlowClockSkew != -7199_999 && r.FlowClockSkew != -7200_000 {
		t.Errorf("skew %d ms, want about -7,200,000", r.FlowClockSkew)
	}
}

// TestNumbersFitStores: what an exporter says of 64 bits stays below 2^63, where
// document stores refuse the whole document.
func TestNumbersFitStores(t *testing.T) {
	const most = 1<<63 - 1
	b := newTestbed(t, DefaultConfig())
	template := u16(300, 8, 1, 8, 2, 8, 231, 8, 232, 8, 299, 8, 3, 8, 302, 8, 34, 8)
	list := b.decode(ipfixMessage(exported, 0, 1, set2(2, template), set2(300, bytes.Repeat([]byte{0xff}, 8*8))))
	b.clean()
	if len(list) != 1 {
		t.Fatalf("%d records", len(list))
	}
	r := &list[0]
	for id, v := range map[flow.FieldID]uint64{flow.FieldNetworkBytes: r.NetworkBytes, flow.FieldNetworkPackets: r.NetworkPackets,
		flow.FieldSourceBytes: r.SourceBytes, flow.FieldDestinationBytes: r.DestinationBytes, flow.FieldFlowCount: r.FlowCount,
		flow.FieldFlowSamplingID: r.FlowSamplingID, flow.FieldFlowSamplingRate: r.FlowSamplingRate,
		flow.FieldFlowSamplingBytes: r.FlowSamplingBytes, flow.FieldFlowSamplingPackets: r.FlowSamplingPackets} {
		if !r.Has(id) || v != most {
			t.Errorf("%s is %d, want %d", id, v, uint64(most))
		}
	}
	for _, values := range []map[uint8]uint64{{samplingPacketInterval: 1, samplingPacketSpace: 1<<64 - 1}, {samplingPacketInterval: 1<<64 - 1},
		{samplingTimeInterval: 1, samplingTimeSpace: 1<<64 - 1}, {samplingSize: 1, samplingPopulation: 1<<64 - 1}, {samplingInterval: 1<<64 - 1}} {
		var s sampling
		for index, v := range values {
			s.put(index, v)
		}
		if rate := s.rate(); rate != most {
			t.Errorf("rate %d of %v", rate, values)
		}
	}
}

func TestDataBeforeAndBesideTemplate(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	data := set2(300, smallRecord)
	if n := len(b.decode(ipfixMessage(exported, 0, 1, data))); n != 0 {
		t.Errorf("%d records without a template", n)
	}
	b.problem(message.ReasonNoTemplate, 1)
	// A set whose template is missing does not spoil the ones beside it.
	// The one before was held.
	if n := len(b.decode(ipfixMessage(exported, 1, 1, set2(2, smallTemplate), set2(301, smallRecord), data))); n != 2 || b.res.Released != 1 {
		t.Errorf("%d records, want 2", n)
	}
	b.problem(message.ReasonNoTemplate, 1)
	// Another domain, protocol or exporter has templates of its own.
	b.decode(ipfixMessage(exported, 1, 2, data))
	b.problem(message.ReasonNoTemplate, 1)
	b.decode(v9Packet(1, 0, exported, 1, 1, data))
	b.problem(message.ReasonNoTemplate, 1)
	b.o.Addr = netip.MustParseAddr("127.0.0.2")
	b.decode(ipfixMessage(exported, 1, 1, data))
	b.problem(message.ReasonNoTemplate, 1)
}

func TestBadTemplates(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    []byte
		reason message.Reason
	}{
		{"records of no bytes", set2(2, u16(300, 1, 8, 0)), message.ReasonZeroTemplate},
		{"id below 256", set2(2, u16(200, 1, 8, 4)), message.ReasonBadTemplate},
		{"more fields than bytes", set2(2, u16(300, 9, 8, 4)), message.ReasonBadTemplate},
		{"more scopes than fields", set2(3, u16(300, 1, 2, 8, 4)), message.ReasonBadTemplate},
		{"enterprise number cut off", set2(2, join(u16(300, 1, 0x8001, 4), []byte{0, 0})), message.ReasonBadTemplate},
		{"set longer than the message", append(u16(2, 400), smallTemplate...), message.ReasonTruncatedSet},
		{"set shorter than its header", append(u16(300, 3), 1, 2, 3), message.ReasonBadLength},
		{"reserved set", set2(17, smallRecord), message.ReasonReservedSet},
		{"bytes that are no set", []byte{1, 2}, message.ReasonTrailingBytes},
	} {
		b := newTestbed(t, DefaultConfig())
		b.decode(ipfixMessage(exported, 0, 1, c.set))
		if b.res.Problems[c.reason] == 0 {
			t.Errorf("%s: want %s, got %v", c.name, c.reason, b.res.First)
		}
	}
}

func TestLengthsThatLie(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	p := ipfixMessage(exported, 0, 1, set2(2, smallTemplate), set2(300, smallRecord))
	p[3] += 100
	if n := len(b.decode(p)); n != 1 {
		t.Errorf("%d records of a message that claims to be longer", n)
	}
	b.problem(message.ReasonBadLength, 1)
	p[3] = 10
	b.decode(p)
	b.problem(message.ReasonBadLength, 1)
	for n := range 16 {
		b.decode(p[:n])
		b.problem(message.ReasonTruncatedHeader, 1)
	}
}

func TestVariableLength(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	template := set2(2, u16(300, 2, 460, 65535, 461, 65535))
	long := bytes.Repeat([]byte("a"), 300)
	record := join([]byte{3}, []byte("abc"), []byte{255}, u16(300), long)
	list := b.decode(ipfixMessage(exported, 0, 1, template, set2(300, append(record, record...))))
	b.clean()
	if len(list) != 2 || list[1].URLDomain != "abc" || list[1].URLPath != string(long) {
		t.Errorf("%d records, %q, path of %d bytes", len(list), list[1].URLDomain, len(list[1].URLPath))
	}
	if n := len(b.decode(ipfixMessage(exported, 2, 1, set2(300, record[:20])))); n != 0 {
		t.Errorf("%d records of truncated bytes", n)
	}
	b.problem(message.ReasonTruncatedRecord, 1)
}

func TestBiflow(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	template := join(u16(300, 5, 8, 4, 1, 4), u16(2, 4), u16(0x8001, 4), u32(29305), u16(0x8002, 4), u32(29305))
	list := b.decode(ipfixMessage(exported, 0, 1, set2(2, template), set2(300, join([]byte{10, 0, 0, 1}, u32(1000, 10, 5000, 20)))))
	b.clean()
	r := &list[0]
	if r.SourceBytes != 1000 || r.DestinationBytes != 5000 || r.NetworkBytes != 6000 || r.NetworkPackets != 30 || r.DestinationPackets != 20 {
		t.Errorf("source %d, destination %d, network %d bytes; %d packets", r.SourceBytes, r.DestinationBytes, r.NetworkBytes, r.NetworkPackets)
	}
}

func TestElements(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	template := join(u16(300, 8, 4, 1, 32, 2, 95, 4, 70, 3), u16(239, 1, 0x8000|500, 2), u32(16982), u16(56, 6, 27, 16))
	ip6 := netip.MustParseAddr("2001:db8::1")
	record := join([]byte{1}, u16(0x0801), []byte{3, 0, 0, 80}, []byte{0x00, 0x10, 0x01}, []byte{1}, u16(0xabcd), []byte{2, 0, 0, 0, 0, 9}, ip6.AsSlice())
	r := &b.decode(ipfixMessage(exported, 0, 1, set2(2, template), set2(300, record)))[0]
	b.clean()
	if r.FlowICMPType != 8 || r.FlowICMPCode != 1 || r.FlowApplicationID != "3:80" || r.SourceIP != ip6 || r.NetworkType != "ipv6" {
		t.Errorf("icmp %d/%d, application %s, source %s %s", r.FlowICMPType, r.FlowICMPCode, r.FlowApplicationID, r.SourceIP, r.NetworkType)
	}
	if l := r.FlowMPLSLabels.List(); len(l) != 1 || l[0] != 0x100 {
		t.Errorf("labels %v, want [256]", l)
	}
	if e, ok := extra(r, "16982_500"); !ok || fmt.Sprintf("%x", e.Bytes) != "abcd" {
		t.Errorf("unknown element is %+v", e)
	}
	if e, ok := extra(r, "biflowDirection"); !ok || e.Num != 1 {
		t.Errorf("biflowDirection is %+v", e)
	}
	if r.SourceMAC.String() != "02-00-00-00-00-09" {
		t.Errorf("source.mac %s", r.SourceMAC)
	}
}

func TestHeaderCountIsNoBound(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	sets := [][]byte{set2(0, smallTemplate), set2(300, bytes.Repeat(smallRecord, 3))}
	if n := len(b.decode(v9Packet(1, 0, exported, 0, 1, sets...))); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
	b.problem(message.ReasonCountMismatch, 1)
	b.clean()
}
