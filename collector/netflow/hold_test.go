package netflow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// octets of a record of smallTemplate from 10.0.0.1.
func smallFlow(octets uint32) []byte { return join([]byte{10, 0, 0, 1}, u32(octets)) }

func seconds(n int) int64 { return int64(exported)*1e9 + int64(n)*1e9 }

// TestHeldDataIsDecoded: data of several messages comes out in order when its
// template comes, with the times of its own messages, in front of what follows the
// template.
func TestHeldDataIsDecoded(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	for n := range 3 {
		b.o.Received = seconds(n)
		b.o.Port = uint16(1000 + n)
		b.decode(ipfixMessage(exported+uint32(n), uint32(2*n), 1, set2(300, join(smallFlow(uint32(10*n+1)), smallFlow(uint32(10*n+2))))))
		b.problem(message.ReasonNoTemplate, 1)
		if b.res.SetsWithoutTemplate != 1 || b.res.Held != 1 || b.res.Flows != 0 {
			t.Fatalf("%+v", b.res)
		}
	}
	b.decode(ipfixMessage(exported, 0, 2, set2(2, smallTemplate))) // of another domain
	if b.res.Released != 0 {
		t.Fatalf("another domain's template released %d sets", b.res.Released)
	}
	b.o.Received = seconds(9)
	list := b.decode(ipfixMessage(exported+9, 6, 1, set2(301, smallRecord), set2(2, smallTemplate), set2(300, smallFlow(99))))
	if b.res.Released != 3 || b.res.Flows != 7 || b.res.Held != 1 || b.res.Lost != 0 || b.res.Reordered {
		t.Fatalf("%+v", b.res)
	}
	var octets []uint64
	for i := range list {
		r, from := &list[i], i/2
		octets = append(octets, r.NetworkBytes)
		if from == 3 {
			from = 9
		}
		if r.Timestamp != seconds(from) || r.EventCreated != seconds(from) || r.FlowClockSkew != 0 {
			t.Errorf("record %d has the times %d, %d, skew %d; want %d", i, r.Timestamp, r.EventCreated, r.FlowClockSkew, seconds(from))
		}
	}
	if want := []uint64{1, 2, 11, 12, 21, 22, 99}; !slices.Equal(octets, want) {
		t.Errorf("octets %v, want %v", octets, want)
	}
	b.decode(ipfixMessage(exported+10, 7, 1, set2(2, smallTemplate), set2(300, smallFlow(1)))) // nothing comes twice
	b.clean()
	if h := b.d.store.Stats().Held; b.res.Flows != 1 || h.Total != 4 || h.Released != 3 || h.Waiting != 1 || h.Lost() != 0 {
		t.Errorf("%+v", h)
	}
	checkAccounts(t, b.d.store)
}

// TestHeldOptionsAndUptimes: options data that was held is used, and NetFlow v9's
// uptimes are counted from the boot time of their own header.
func TestHeldOptionsAndUptimes(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.decode(v9Packet(2, 5000, exported, 0, 1, set2(403, join(u32(0), []byte{5}, u32(64))), set2(300, join(u32(1, 1000, 2000), []byte{5}))))
	b.problem(message.ReasonNoTemplate, 2)
	list := b.decode(v9Packet(2, 100_000, exported+100, 1, 1, set2(1, u16(403, 4, 8, 1, 4, 48, 1, 50, 4)), set2(0, u16(300, 4, 1, 4, 22, 4, 21, 4, 48, 1))))
	b.clean()
	if len(list) != 1 || list[0].FlowSamplingRate != 64 || list[0].EventEnd != seconds(-3) || list[0].EventStart != seconds(-4) || b.res.Options != 1 {
		t.Errorf("%+v, %d records: %+v", b.res, len(list), list)
	}
}

func TestHeldDataIsBounded(t *testing.T) {
	data := func(id uint16, n int) []byte { return ipfixMessage(exported, 0, 1, set2(id, make([]byte, n))) }
	for name, c := range map[string]struct {
		change func(*Config)
		send   func(b *testbed)
		want   Held
	}{
		"switched off":    {func(c *Config) { c.HoldFor = 0 }, func(b *testbed) { b.decode(data(300, 8)) }, Held{Refused: 1}},
		"larger than any": {func(c *Config) { c.MaxHeldBytes = costHeld + 7 }, func(b *testbed) { b.decode(data(300, 8)) }, Held{Refused: 1}},
		"without a byte":  {func(*Config) {}, func(b *testbed) { b.decode(data(300, 0)) }, Held{Refused: 1}},
		"by bytes":        {func(c *Config) { c.MaxHeldBytes = 3 * (costHeld + 100) }, func(b *testbed) { times(5, func(n int) { b.decode(data(uint16(300+n%2), 100)) }) }, Held{Waiting: 3, Bytes: 3 * (costHeld + 100), Total: 5, PushedOut: 2}},
		"by sets":         {func(c *Config) { c.MaxHeldSets = 2 }, func(b *testbed) { times(5, func(n int) { b.decode(data(uint16(300+n), 1)) }) }, Held{Waiting: 2, Bytes: 2 * (costHeld + 1), Total: 5, PushedOut: 3}},
		"of all, no place": {func(c *Config) { c.MaxHeldTotal = costHeld + 8 }, func(b *testbed) {
			b.decode(data(300, 8))
			b.o.Addr = netip.MustParseAddr("192.0.2.9")
			b.decode(data(300, 8))
		}, Held{Waiting: 1, Bytes: costHeld + 8, Total: 1, Refused: 1}},
		"of all, its own": {func(c *Config) { c.MaxHeldTotal = costHeld + 8 }, func(b *testbed) { b.decode(data(300, 8)); b.decode(data(301, 8)) }, Held{Waiting: 1, Bytes: costHeld + 8, Total: 2, PushedOut: 1}},
		"by time": {func(c *Config) { c.HoldFor = time.Minute }, func(b *testbed) {
			times(4, func(n int) { b.o.Received = seconds(30 * n); b.decode(data(300, 1)) })
			b.o.Received += 1 // 31 s after the last but one
			b.decode(ipfixMessage(exported, 0, 1, set2(2, u16(300, 1, 4, 1))))
		}, Held{Total: 4, Expired: 2, Released: 2}},
		"of a silent exporter": {func(c *Config) { c.HoldFor = time.Minute }, func(b *testbed) {
			b.o.Received = seconds(0)
			b.decode(data(300, 1))
			b.d.store.Expire(seconds(60))
			if b.d.store.Stats().Held.Waiting != 1 {
				b.t.Error("it was dropped before its time")
			}
			b.d.store.Expire(seconds(61))
		}, Held{Total: 1, Expired: 1}},
		"of a session that ends": {func(*Config) {}, func(b *testbed) { b.o.Session = 4; b.decode(data(300, 8)); b.d.store.SessionClosed(4) }, Held{Total: 1, Abandoned: 1}},
		"of an exporter that made room": {func(c *Config) { c.MaxExporters = 1 }, func(b *testbed) {
			b.o.Received = seconds(0)
			b.decode(data(300, 8))
			b.o.Addr, b.o.Received = netip.MustParseAddr("192.0.2.9"), seconds(7200)
			b.decode(data(300, 9))
		}, Held{Waiting: 1, Bytes: costHeld + 9, Total: 2, Abandoned: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			c.change(&cfg)
			b := newTestbed(t, cfg)
			c.send(b)
			if h := b.d.store.Stats().Held; h != c.want {
				t.Errorf("got  %+v\nwant %+v", h, c.want)
			}
			checkAccounts(t, b.d.store)
		})
	}
}

func times(n int, f func(int)) {
	for i := range n {
		f(i)
	}
}

// TestTemplateLifetime: a template that its exporter does not define any more is
// given up when it is not used either; an exporter that defines nothing keeps all.
func TestTemplateLifetime(t *testing.T) {
	const minute = 60
	for name, c := range map[string]struct {
		session uint64
		send    []int // minutes: >0 data of template 300, <0 definition of template 301
		lost    bool  // the last data set has no template
	}{
		"silent for hours":                      {send: []int{300}},
		"used":                                  {send: []int{20, -25, 40, -45, 60, -65, 80}},
		"neither used nor defined":              {send: []int{-20, -40, 45}, lost: true},
		"as long as allowed":                    {send: []int{-30, 45}},
		"of a stream":                           {session: 1, send: []int{-20, -40, 45}},
		"given up when another one was defined": {send: []int{-31, -32, 33}, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestbed(t, DefaultConfig())
			b.o.Session = c.session
			b.o.Received = seconds(0)
			b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate)))
			for _, at := range c.send {
				if at < 0 {
					b.o.Received = seconds(-at * minute)
					b.decode(ipfixMessage(exported, 0, 1, set2(2, u16(301, 1, 4, 1))))
					b.clean()
					continue
				}
				b.o.Received = seconds(at * minute)
				b.decode(ipfixMessage(exported, 0, 1, set2(300, smallRecord)))
			}
			if got := b.res.SetsWithoutTemplate == 1; got != c.lost || got != (b.d.store.Stats().Expired == 1) {
				t.Errorf("lost %v, want %v; %+v", got, c.lost, b.d.store.Stats())
			}
			checkAccounts(t, b.d.store)
		})
	}
}

// FuzzHold sends data and definitions of few templates in any order, with little
// room and time: the accounts stay right, and nothing is decoded twice.
func FuzzHold(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0x81, 0x80, 0x40, 7, 0x82})
	f.Add([]byte("data before templates\x80\x81\x82\x83"))
	for _, p := range captured(f, ipfix.Version) { // bytes as exporters send them are an order as good as any
		f.Add(p[:min(len(p), 64)])
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		cfg := DefaultConfig()
		cfg.MaxHeldBytes, cfg.MaxHeldSets, cfg.MaxHeldTotal, cfg.HoldFor, cfg.MaxExporters = 3000, 9, 5000, 20*time.Second, 3
		cfg.IdleExporter, cfg.TemplateLifetime = 60*time.Second, 10*time.Second
		d := NewDecoder(NewStore(cfg))
		b := flow.NewBatch(4096)
		w := flow.NewWriter(func() *flow.Batch { return b }, func(b *flow.Batch) { b.Reset() })
		var res message.Result
		sent, got := 0, 0
		for i, op := range ops {
			id, o := 300+uint16(op&7), testOrigin
			o.Addr = netip.AddrFrom4([4]byte{192, 0, 2, op >> 3 & 3})
			o.Received = seconds(i)
			var set []byte
			if op&0x80 != 0 {
				set = set2(2, u16(id, 1, 4, 1))
			} else {
				set = set2(id, []byte(fmt.Sprint(i, "........"))[:1+op&0x40>>3])
				sent += 1 + int(op&0x40>>3)
			}
			bounded(t, func() {
				d.Decode(o, ipfixMessage(exported, 0, uint32(op>>5&1), set), w, &res)
				w.Flush()
			})
			got += res.Flows
		}
		if got > sent {
			t.Fatalf("%d records of %d", got, sent)
		}
		d.store.Expire(seconds(len(ops) + 100))
		if h := d.store.Stats().Held; h.Waiting != 0 || h.Bytes != 0 {
			t.Fatalf("after their time %+v", h)
		}
		checkAccounts(t, d.store)
	})
}

// TestConfigOfHolding: bad values are named with their keys.
func TestConfigOfHolding(t *testing.T) {
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	cfg.HoldFor, cfg.TemplateLifetime, cfg.MaxHeldBytes, cfg.MaxHeldSets, cfg.MaxHeldTotal = -1, -1, 0, -1, 1<<30+1
	err := cfg.Validate()
	for _, key := range []string{"hold_for", "template_lifetime", "max_held_bytes", "max_held_sets", "max_held_total"} {
		if err == nil || !strings.Contains(err.Error(), "decode."+key+":") {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
}
