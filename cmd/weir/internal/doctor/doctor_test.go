package doctor

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
)

// received is the time of the tests' messages, in Unix seconds.
const received = 1_790_000_000

// packet9 is a NetFlow v9 packet of a template of addresses, ports, protocol, bytes
// and boot-relative times, and a record of it.
func packet9(uptime, sequence, domain uint32, flows ...flow9) []byte {
	var b []byte
	u16 := func(list ...uint16) {
		for _, v := range list {
			b = binary.BigEndian.AppendUint16(b, v)
		}
	}
	u32 := func(list ...uint32) {
		for _, v := range list {
			b = binary.BigEndian.AppendUint32(b, v)
		}
	}
	u16(9, uint16(1+len(flows)))
	u32(uptime, received, sequence, domain)
	u16(0, 8+4*9, 256, 9, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 10, 2, 1, 4, 22, 4, 21, 4)
	u16(256, uint16(4+27*len(flows)))
	for _, f := range flows {
		u32(f.from, f.to)
		u16(f.fromPort, f.toPort)
		b = append(b, 6)
		u16(3)
		u32(1000, uptime-f.length, uptime)
	}
	return b
}

type flow9 struct {
	from, to         uint32
	fromPort, toPort uint16
	length           uint32 // milliseconds
}

var someFlow = flow9{0x0a000001, 0xc0000201, 40000, 443, 1000}

func origin(addr string, port uint16) message.Origin {
	return message.Origin{Addr: netip.MustParseAddr(addr), Port: port, Transport: "udp", Received: received * int64(time.Second)}
}

// examine shows a new doctor messages, and gives the only exporter's report.
func examine(t *testing.T, show func(decode func(message.Origin, []byte))) *Exporter {
	t.Helper()
	d := New(Config{NetFlow: netflow.DefaultConfig()})
	x := d.Decoder()
	var res message.Result
	show(func(o message.Origin, p []byte) { x.Decode(o, p, nil, &res) })
	r := d.Report(Report{Source: "listen", Began: time.Unix(received, 0), Ended: time.Unix(received+10, 0)})
	if len(r.Exporters) != 1 {
		t.Fatalf("%d exporters", len(r.Exporters))
	}
	return &r.Exporters[0]
}

func (e *Exporter) ids() (list []string) {
	for _, f := range e.Findings {
		list = append(list, f.ID)
	}
	return list
}

// TestBehindABridge: three routers whose datagrams Docker's bridge rewrites, with
// one source id.
func TestBehindABridge(t *testing.T) {
	e := examine(t, func(decode func(message.Origin, []byte)) {
		for i := range uint32(10) {
			for device := range uint32(3) {
				decode(origin("172.17.0.1", uint16(50000+device)), packet9(1_000_000*(device+1), 1000*device+i, 0, someFlow))
			}
		}
	})
	if ids := e.ids(); !slices.Contains(ids, "shared_domain") || !slices.Contains(ids, "gateway_address") || slices.Contains(ids, "sequence_loss") {
		t.Errorf("%v", ids)
	}
	if d := e.Domains[0]; d.Boots != 3 || d.FlowPorts != 3 || d.PortReturns != 27 || e.Ports != 3 {
		t.Errorf("%+v", d)
	}
}

// TestOneDevice: what a healthy exporter sends is reported as it is.
func TestOneDevice(t *testing.T) {
	e := examine(t, func(decode func(message.Origin, []byte)) {
		for i := range uint32(30) {
			there := flow9{0x0a000001 + i, 0xc0000201, 40000, 443, 1000}
			back := flow9{there.to, there.from, there.toPort, there.fromPort, 2000}
			decode(origin("192.0.2.1", 50000), packet9(1_000_000+1000*i, i, 7, there, back))
		}
	})
	for _, f := range e.Findings {
		if f.Severity != Hint {
			t.Errorf("%+v", f)
		}
	}
	if e.Flows != 60 || e.RecordsPerSecond != 6 || e.Conversation != (Conversations{30, 30}) || e.Flow.Times["uptime"] != 60 || e.Flow.Longest != 2 {
		t.Errorf("%+v", e)
	}
	if e.Interfaces.Seen != 1 || e.Interfaces.Named != 0 || e.ClockSkew.Min != 0 || e.Sampling[0] != (Sampling{1, "assumed", 60}) {
		t.Errorf("%+v", e)
	}
	d := e.Domains[0]
	if d.Protocol != "netflow9" || d.ID != 7 || d.Messages != 30 || d.Definitions != 30 || len(d.Templates) != 1 || d.Templates[0].Sets != 30 ||
		d.Templates[0].Fields[0].Name != "sourceIPv4Address" || d.Lost != 0 {
		t.Errorf("%+v", d)
	}
}

func TestLongAndOneSided(t *testing.T) {
	e := examine(t, func(decode func(message.Origin, []byte)) {
		for i := range uint32(30) {
			decode(origin("192.0.2.1", 50000), packet9(4_000_000, i, 7, flow9{0x0a000001 + i, 0xc0000201, 40000, 443, 1_800_000}))
		}
	})
	if ids := e.ids(); !slices.Contains(ids, "active_timeout") || !slices.Contains(ids, "one_direction") {
		t.Errorf("%v", ids)
	}
	if e.Flow.Long != 30 || e.Flow.Longest != 1800 {
		t.Errorf("%+v", e.Flow)
	}
}

// TestLateTemplate: data that comes before its template is held and decoded.
func TestLateTemplate(t *testing.T) {
	p := packet9(1_000_000, 1, 7, someFlow)
	const header, template = 20, 8 + 4*9
	data := slices.Concat(p[:header], p[header+template:])
	e := examine(t, func(decode func(message.Origin, []byte)) {
		decode(origin("192.0.2.1", 1), data)
		decode(origin("192.0.2.1", 1), data)
		decode(origin("192.0.2.1", 1), p)
	})
	if d := e.Domains[0]; d.Late != 2 || d.Held != 2 || d.Released != 2 || d.Flows != 3 || len(d.Missing) != 0 {
		t.Errorf("%+v", d)
	}
	if ids := e.ids(); !slices.Contains(ids, "late_template") {
		t.Errorf("%v", ids)
	}
}

// TestSessions: what a stream session has told is kept when it ends, and another
// session of the exporter adds to it.
func TestSessions(t *testing.T) {
	d := New(Config{NetFlow: netflow.DefaultConfig()})
	x := d.Decoder()
	var res message.Result
	o := origin("192.0.2.1", 0)
	o.Transport = "tcp"
	for session := range uint64(3) {
		o.Session = session + 1
		x.Decode(o, packet9(1_000_000, 0, uint32(session), someFlow), nil, &res)
		d.SessionClosed(o.Session)
	}
	r := d.Report(Report{Source: "listen"})
	if e := r.Exporters[0]; len(e.Domains) != 3 || len(e.Domains[0].Templates) != 1 || len(e.Domains[2].Templates) != 1 || len(e.Domains[0].Missing) != 0 {
		t.Errorf("%+v", e.Domains)
	}
}

// TestBounds: no number of exporters, domains, templates, ports or flows makes the
// doctor keep more than its bounds.
func TestBounds(t *testing.T) {
	d := New(Config{NetFlow: netflow.DefaultConfig()})
	x := d.Decoder()
	var res message.Result
	show := func(n uint32) {
		o := origin("192.0.2.1", uint16(n))
		o.Addr = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
		x.Decode(o, packet9(1_000_000*n, n, n, someFlow), nil, &res)
	}
	for n := range uint32(2 * maxExporters) {
		show(n)
	}
	for n := range uint32(5000) {
		o := origin("10.0.0.0", uint16(n))
		p := packet9(1_000_000*n, n*77, n%200, flow9{n, n * 3, uint16(n), 443, 1000})
		p = append(p, byte(1+n>>8), byte(n), 0, 8, 1, 2, 3, 4) // data of a template that never comes
		x.Decode(o, p, nil, &res)
	}
	r := d.Report(Report{Source: "listen"})
	if len(r.Exporters) != maxExporters || r.Untold != maxExporters {
		t.Errorf("%d exporters, %d datagrams untold", len(r.Exporters), r.Untold)
	}
	e := &r.Exporters[0]
	if e.Address.String() != "10.0.0.0" || len(e.Domains) != maxDomains || e.MoreDomains == 0 || e.Ports != maxPorts || e.Conversation.Seen != maxConversations {
		t.Errorf("%d domains, %d ports, %d conversations", len(e.Domains), e.Ports, e.Conversation.Seen)
	}
	if d.entries > maxEntries {
		t.Errorf("%d entries", d.entries)
	}
	d.entries = maxEntries
	show(1 << 20)
	if len(d.exporters) != maxExporters {
		t.Errorf("%d exporters", len(d.exporters))
	}
}

// TestReasons: no reason of the decoders goes without a finding.
func TestReasons(t *testing.T) {
	ruled := []string{"unknown_version", "truncated_header", "no_template", "no_sampler"}
	for reason := message.ReasonNone + 1; reason < message.NumReasons; reason++ {
		name := reason.String()
		if !slices.Contains(ruled, name) && !slices.ContainsFunc(damages, func(d damage) bool { return d.reason == name }) {
			t.Errorf("no rule tells of %s", name)
		}
	}
}

func TestLooksLike(t *testing.T) {
	for want, p := range map[string][]byte{
		"":                  {0x77, 1, 2, 3},
		"NetFlow version 8": {0, 8, 0, 1},
		"NetFlow or IPFIX with its bytes swapped": {9, 0, 1, 0},
		"sFlow version 2 or 4":                    {0, 0, 0, 4, 0, 0, 0, 1},
		"syslog":                                  []byte("<13>May"),
		"SNMP":                                    {0x30, 0x82, 1, 2},
		"TLS; configure a tls:// endpoint":        {0x16, 3, 1, 0},
		"DTLS":                                    {0x16, 0xfe, 0xfd, 0},
		"HTTP":                                    []byte("GET / HTTP/1.1"),
		"JSON":                                    []byte(`{"a":1}`),
	} {
		if got := looksLike(p); got != want {
			t.Errorf("% x: %q, want %q", p, got, want)
		}
	}
}

// TestText: the report for people is within the width, free of control characters,
// and has what is in the facts.
func TestText(t *testing.T) {
	e, r := healthy(), healthyReport()
	e.Flow.Long, e.Flow.Longest, e.Vendor = 7, 1800, VendorCisco
	for i := range 10 {
		f := Field{ID: 8, Length: 4, Name: "sourceIPv4Address"}
		e.Domains[0].Templates = append(e.Domains[0].Templates, Template{ID: uint16(300 + i), Fields: slices.Repeat([]Field{f}, 20)})
	}
	e.Problems["bad_length"] = 1
	e.Examples = []Example{{"bad_length", "evil \x1b[31m text", "0009", ""}}
	r.Exporters = []Exporter{e}
	r.judge()
	for _, s := range []Style{{}, {Width: 60}, {Width: 10, Color: true}, {Templates: true}} {
		var b bytes.Buffer
		if err := r.WriteText(&b, s); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		want := []string{"192.0.2.1  netflow9 over udp; looks like Cisco IOS", "active_timeout:", "cache timeout active 60", "2 problems, 0 hints", "evil \uFFFD[31m"}
		if s.Templates {
			want = append(want, "309", "sourceIPv4Address 4")
		} else {
			want = append(want, "5 more of domain 1;")
		}
		if s.Color {
			text = strings.NewReplacer(bold, "", dim, "", red, "", yellow, "", cyan, "", plain, "").Replace(text)
		}
		if s.Width != 10 {
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%+v: %q is missing:\n%s", s, w, text)
				}
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("%+v: control characters:\n%q", s, text)
		}
		if s.Width == 60 {
			for line := range strings.Lines(text) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 60 {
					t.Errorf("%d columns: %q", n, line)
				}
			}
		}
	}
}

// FuzzDoctor: no message makes the doctor panic or its report one that cannot be
// printed.
func FuzzDoctor(f *testing.F) {
	f.Add(packet9(1000, 0, 0, someFlow), uint16(1))
	f.Add([]byte{0, 10, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4}, uint16(0))
	f.Add([]byte{0, 0, 0, 5, 0, 0, 0, 1}, uint16(9))
	f.Add([]byte("<13>"), uint16(9))
	f.Fuzz(func(t *testing.T, p []byte, port uint16) {
		d := New(Config{NetFlow: netflow.DefaultConfig()})
		x := d.Decoder()
		var res message.Result
		for range 2 {
			x.Decode(origin("192.0.2.1", port), p, nil, &res)
		}
		r := d.Report(Report{Source: "files"})
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteText(&bytes.Buffer{}, Style{}); err != nil {
			t.Fatal(err)
		}
		if r.Datagrams != 2 {
			t.Fatalf("%d datagrams", r.Datagrams)
		}
	})
}
