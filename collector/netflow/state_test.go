package netflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
)

// samplerOptions is an IPFIX options template 400 of the given elements, all of
// 4 bytes and the first one its scope, and a record of it.
func samplerOptions(pairs ...uint32) [][]byte {
	template := u16(400, uint16(len(pairs)/2), 1)
	var record []byte
	for i := 0; i < len(pairs); i += 2 {
		template = append(template, u16(uint16(pairs[i]), 4)...)
		record = append(record, u32(pairs[i+1])...)
	}
	return [][]byte{set2(3, template), set2(400, record)}
}

func TestSampling(t *testing.T) {
	for _, c := range []struct {
		name    string
		options [][]byte
		fields  [][2]uint32 // in the record: element, value
		cfg     map[netip.Prefix]uint64
		rate    uint64
		source  string
	}{
		{name: "nobody says", rate: 1, source: "assumed"},
		{name: "in the record", fields: [][2]uint32{{34, 10}}, rate: 10, source: "record"},
		{name: "interval and space", fields: [][2]uint32{{305, 1}, {306, 99}}, rate: 100, source: "record"},
		{name: "several packets in a row", fields: [][2]uint32{{305, 4}, {306, 36}}, rate: 10, source: "record"},
		{name: "size of population", fields: [][2]uint32{{309, 1}, {310, 512}}, rate: 512, source: "record"},
		{name: "low byte first, as RouterOS", fields: [][2]uint32{{305, 0x01000000}, {306, 0x63000000}}, rate: 100, source: "record"},
		{name: "options without an id", options: samplerOptions(149, 1, 34, 50), rate: 50, source: "options"},
		{name: "options by id", options: samplerOptions(302, 7, 305, 1, 306, 9), fields: [][2]uint32{{302, 7}}, rate: 10, source: "options"},
		{name: "another id", options: samplerOptions(302, 8, 305, 1, 306, 9), fields: [][2]uint32{{302, 7}}, rate: 1, source: "assumed"},
		{name: "override", cfg: map[netip.Prefix]uint64{netip.MustParsePrefix("127.0.0.0/8"): 3, netip.MustParsePrefix("127.0.0.1/32"): 4}, rate: 4, source: "override"},
		{name: "options beat the override", options: samplerOptions(149, 1, 34, 50), cfg: map[netip.Prefix]uint64{netip.MustParsePrefix("127.0.0.0/8"): 3}, rate: 50, source: "options"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.SamplingRates = c.cfg
			b := newTestbed(t, cfg)
			template, record := u16(300, uint16(2+len(c.fields)), 8, 4, 1, 4), bytes.Clone(smallRecord)
			for _, f := range c.fields {
				template, record = append(template, u16(uint16(f[0]), 4)...), append(record, u32(f[1])...)
			}
			list := b.decode(ipfixMessage(exported, 0, 1, append(c.options, set2(2, template), set2(300, record))...))
			b.clean()
			if len(list) != 1 {
				t.Fatalf("%d records, want 1: the options record must not be one", len(list))
			}
			r := &list[0]
			if r.FlowSamplingRate != c.rate || r.FlowSamplingSource != c.source || r.NetworkBytes != 1000*c.rate {
				t.Errorf("rate %d from %s, %d bytes; want %d from %s", r.FlowSamplingRate, r.FlowSamplingSource, r.NetworkBytes, c.rate, c.source)
			}
		})
	}
}

// nameOptions names interface 7 and application 3:80 in NetFlow v9.
func nameOptions() [][]byte {
	name := make([]byte, 16)
	copy(name, "ether1")
	app := make([]byte, 8)
	copy(app, "http")
	return [][]byte{
		set2(1, join(u16(401, 4, 4, 2, 4), u16(82, 16))), set2(401, join(u32(7), name)),
		set2(1, join(u16(402, 4, 8, 1, 4), u16(95, 4, 96, 8))), set2(402, join(u32(0), []byte{3, 0, 0, 80}, app)),
	}
}

func TestNames(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	data := [][]byte{set2(0, u16(300, 3, 8, 4, 10, 4, 95, 4)), set2(300, join([]byte{10, 0, 0, 1}, u32(7), []byte{3, 0, 0, 80}))}
	list := b.decode(v9Packet(4, 0, exported, 0, 1, append(nameOptions(), data...)...))
	b.clean()
	if b.res.Options != 2 || b.res.OptionsTemplates != 2 || b.res.Templates != 1 || len(list) != 1 {
		t.Fatalf("%d options, %d options templates, %d templates, %d flows", b.res.Options, b.res.OptionsTemplates, b.res.Templates, len(list))
	}
	if r := &list[0]; r.IngressInterfaceName != "ether1" || r.NetworkApplication != "http" {
		t.Errorf("interface %q, application %q", r.IngressInterfaceName, r.NetworkApplication)
	}
}

func TestTemplateLimit(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxTemplates, cfg.MaxTemplateFields = 100, 150
	b := newTestbed(t, cfg)
	other := message.Origin{Addr: netip.MustParseAddr("192.0.2.9"), Transport: "udp"}
	b.d.Decode(other, ipfixMessage(exported, 0, 1, set2(2, smallTemplate)), b.w, &b.res)
	for id := range 10_000 {
		template := bytes.Clone(smallTemplate)
		binary.BigEndian.PutUint16(template, uint16(256+id))
		b.decode(ipfixMessage(exported, 0, 1, set2(2, template)))
	}
	st := b.d.store.Stats()
	if st.Exporters != 2 || st.Templates != 75+1 || st.Fields != 150+2 || st.Evicted != 10_000-75 {
		t.Errorf("store holds %+v; want 75 templates of 2 fields and the other exporter's one", st)
	}
	// The newest ones work, and so does the other exporter's.
	if n := len(b.decode(ipfixMessage(exported, 0, 1, set2(256+9_999, smallRecord)))); n != 1 {
		t.Errorf("%d records of the newest template", n)
	}
	b.batch.Reset()
	b.d.Decode(other, ipfixMessage(exported, 0, 1, set2(300, smallRecord)), b.w, &b.res)
	if b.batch.Len() != 1 {
		t.Errorf("the other exporter's template is gone: %v", b.res.First)
	}
}

func TestExporterLimit(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxExporters = 2
	b := newTestbed(t, cfg)
	at := func(addr string, received time.Duration) {
		b.o.Addr, b.o.Received = netip.MustParseAddr(addr), exported*1e9+int64(received)
		b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate)))
	}
	at("192.0.2.1", 0)
	at("192.0.2.2", time.Second)
	at("192.0.2.3", 2*time.Second)
	b.problem(message.ReasonExporterLimit, 1)
	at("192.0.2.2", time.Hour)
	at("192.0.2.3", time.Hour) // 192.0.2.1 has been silent for an hour
	b.clean()
	if st := b.d.store.Stats(); st.Exporters != 2 || st.Fields != 4 {
		t.Errorf("store holds %+v", st)
	}
}

// TestStreamsGoLast: a silent stream's templates do not come again.
func TestStreamsGoLast(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxExporters = 2
	b := newTestbed(t, cfg)
	at := func(addr string, session uint64, received time.Duration, sets ...[]byte) {
		b.o.Addr, b.o.Session, b.o.Received = netip.MustParseAddr(addr), session, exported*1e9+int64(received)
		b.decode(ipfixMessage(exported, 0, 1, sets...))
		b.clean()
	}
	at("192.0.2.1", 7, 0, set2(2, smallTemplate))
	at("192.0.2.2", 0, time.Second, set2(2, smallTemplate))
	at("192.0.2.3", 0, time.Hour, set2(2, smallTemplate)) // in place of 192.0.2.2
	at("192.0.2.1", 7, time.Hour, set2(300, smallRecord))
	at("192.0.2.4", 8, 2*time.Hour, set2(2, smallTemplate)) // in place of 192.0.2.3
	at("192.0.2.5", 0, 4*time.Hour, set2(2, smallTemplate)) // in place of the streams
	if st := b.d.store.Stats(); st.Exporters != 1 {
		t.Errorf("store holds %+v", st)
	}
	checkAccounts(t, b.d.store)
}

func TestWithdrawal(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	define, withdraw, data := set2(2, smallTemplate), set2(2, u16(300, 0)), set2(300, smallRecord)
	b.decode(ipfixMessage(exported, 0, 1, define, withdraw, data))
	b.clean() // over datagrams a withdrawal is ignored
	b.o.Session = 1
	b.decode(ipfixMessage(exported, 0, 1, define, withdraw, data))
	b.problem(message.ReasonNoTemplate, 1)
	b.decode(ipfixMessage(exported, 0, 1, define, set2(2, u16(2, 0)), data))
	b.problem(message.ReasonNoTemplate, 1)
	b.decode(ipfixMessage(exported, 0, 1, define))
	b.d.store.SessionClosed(1)
	b.decode(ipfixMessage(exported, 0, 1, data))
	b.problem(message.ReasonNoTemplate, 1)
}

func TestSequence(t *testing.T) {
	type step struct {
		number, records uint32
		lost            uint64
		reordered       bool
	}
	for name, steps := range map[string][]step{
		"in order":             {{10, 5, 0, false}, {15, 5, 0, false}, {20, 1, 0, false}, {21, 1, 0, false}},
		"five lost":            {{10, 5, 0, false}, {20, 5, 5, false}, {25, 5, 0, false}},
		"counting itself":      {{24, 24, 0, false}, {34, 10, 0, false}, {37, 3, 0, false}},
		"wraps":                {{1<<32 - 3, 5, 0, false}, {2, 5, 0, false}},
		"late one":             {{10, 5, 0, false}, {20, 5, 5, false}, {15, 5, 0, true}, {25, 5, 0, false}},
		"restart":              {{5_000_000, 5, 0, false}, {0, 5, 0, false}, {5, 5, 0, false}},
		"jump far is no count": {{0, 5, 0, false}, {1 << 30, 5, 0, false}},
	} {
		var s sequence
		for i, x := range steps {
			if lost, reordered := s.next(x.number, x.records, true); lost != x.lost || reordered != x.reordered {
				t.Errorf("%s, message %d: lost %d, reordered %v; want %d, %v", name, i, lost, reordered, x.lost, x.reordered)
			}
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.decode(v9Packet(6, 0, exported, 0, 1, append(nameOptions(), set2(0, u16(300, 3, 8, 4, 10, 4, 95, 4)),
		set2(1, u16(403, 4, 8, 1, 4, 48, 1, 50, 4)), set2(403, join(u32(0), []byte{5}, u32(64))))...))
	b.clean()
	b.o.Session = 3 // a session's templates end with it
	b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate)))
	path := t.TempDir() + "/templates.json"
	if err := b.d.store.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	again := newTestbed(t, DefaultConfig())
	if err := again.d.store.LoadFile(path, 1); err != nil {
		t.Fatal(err)
	}
	list := again.decode(v9Packet(1, 0, exported, 0, 1, set2(300, join([]byte{10, 0, 0, 1}, u32(7), []byte{3, 0, 0, 80}))))
	again.clean()
	if len(list) != 1 || list[0].IngressInterfaceName != "ether1" || list[0].NetworkApplication != "http" || list[0].FlowSamplingRate != 64 {
		t.Errorf("after loading: %d records, %q, %q, rate %d", len(list), list[0].IngressInterfaceName, list[0].NetworkApplication, list[0].FlowSamplingRate)
	}
	if st := again.d.store.Stats(); st.Exporters != 1 || st.Templates != 4 {
		t.Errorf("loaded %+v, want 4 templates of 1 exporter", st)
	}
	if err := again.d.store.LoadFile(path+".missing", 1); err != nil {
		t.Errorf("a missing file: %v", err)
	}
}

// TestLoadKeepsWhatIsGood: of a file that was cut off, or where one exporter is
// damaged, the others are loaded.
func TestLoadKeepsWhatIsGood(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	for n := range 3 {
		b.o.Addr = netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})
		b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate)))
	}
	var whole bytes.Buffer
	if err := b.d.store.Save(&whole); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut":     whole.String()[:whole.Len()-20],
		"damaged": strings.Replace(whole.String(), `"address":"192.0.2.1"`, `"address":""`, 1),
	} {
		s := NewStore(DefaultConfig())
		if err := s.Load(strings.NewReader(text), 1); err == nil {
			t.Errorf("%s: no error", name)
		}
		if st := s.Stats(); st.Exporters != 2 || st.Templates != 2 {
			t.Errorf("%s: %+v, want two of three exporters", name, st)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 `not a template file`,
		`{}`:                               `no version`,
		`[]`:                               `[ where { is due`,
		`{"version":9}`:                    `version 9`,
		`{"exporters":[],"version":1}`:     `does not begin with its version`,
		`{"version":1,"exporters":[{}`:     `not a template file`,
		`{"version":1,"exporters":[{},7]}`: `not a template file`,
		`{"version":1,"exporters":[{"address":"","domains":[]}]}`:                                                                    `address is missing`,
		`{"version":1,"exporters":[{"address":"10.0.0.1","domains":[{"protocol":"x"}]}]}`:                                            `protocol "x"`,
		`{"version":1,"exporters":[{"address":"10.0.0.1","domains":[{"protocol":"ipfix","templates":[{"id":300,"fields":null}]}]}]}`: `template 300`,
	} {
		if err := NewStore(DefaultConfig()).Load(strings.NewReader(text), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", text, err, want)
		}
	}
}
