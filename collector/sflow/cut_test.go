package sflow

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// body is a record or a structure out of a quirk.
type body struct {
	file    string
	counter bool
	format  uint32
	bytes   []byte
}

// bodies takes every record and structure out of the quirks that are one whole
// datagram of version 5.
func bodies(t *testing.T) (list []body) {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/quirks/sflow-*.bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		p := datagrams(t, path, "bin")[0]
		d := NewDecoder(DefaultConfig())
		_, w := sink(64)
		var res message.Result
		if d.Decode(testOrigin, p, w, &res); !res.Clean() {
			continue
		}
		m := run{Decoder: d, res: &res}
		_, at, _ := address(p, 4)
		for at += 16; at < len(p); {
			format, size := binary.BigEndian.Uint32(p[at:]), int(binary.BigEndian.Uint32(p[at+4:]))
			sample := p[at+8 : at+8+size]
			at += 8 + size
			fixed := map[uint32]int{formatFlow: flowSampleLen, formatFlowExpanded: flowSampleExpandedLen, formatDiscarded: discardedPacketLen, formatCounters: counterSampleLen, formatCounterExpanded: counterSampleExpandedLen}[format]
			if fixed == 0 {
				continue
			}
			counter := format == formatCounters || format == formatCounterExpanded
			m.parts(format, binary.BigEndian.Uint32(sample[fixed-4:]), sample[fixed:], 0, func(format uint32, b []byte, _ int) bool {
				list = append(list, body{filepath.Base(path), counter, format, b})
				return true
			})
		}
	}
	return list
}

// TestCutAnywhere cuts every record and structure after each of its bytes. That
// must be one problem at most, and the samples before and after must be whole.
func TestCutAnywhere(t *testing.T) {
	list := bodies(t)
	formats := map[[2]uint32]bool{}
	good := flowOf(rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)))
	for _, x := range list {
		kind := uint32(0)
		if x.counter {
			kind = 1
		}
		formats[[2]uint32{kind, x.format}] = true
		for n := range len(x.bytes) + 1 {
			record := tagged(int(x.format), x.bytes[:n])
			sample := flowOf(record)
			if x.counter {
				sample = tagged(formatCounters, 1, 5, 1, record)
			}
			b, res := decode(t, datagram(good, sample, good))
			total := uint32(0)
			for _, problems := range res.Problems {
				total += problems
			}
			most := uint32(1)
			if x.format == recordWLANAggregation {
				most = 2 // that of a record, and that of the list it is in
			}
			if total > most || n == len(x.bytes) && total > 0 {
				t.Fatalf("%s, format %d of enterprise %d cut to %d of %d bytes: %d problems, %v", x.file, x.format&0xfff, x.format>>12, n, len(x.bytes), total, res.First)
			}
			if b.Len() != 3 || b.At(0).DestinationPort != 443 || b.At(2).DestinationPort != 443 || b.At(2).NetworkBytes != 40*400 {
				t.Fatalf("%s, format %d cut to %d bytes spoils its neighbours", x.file, x.format, n)
			}
			for _, e := range b.At(1).Extra {
				if e.Name == "" {
					t.Fatalf("%s: an element without a name", x.file)
				}
			}
		}
	}
	// Every structure that is known has a quirk.
	for format := range structures {
		if !formats[[2]uint32{1, format}] {
			t.Errorf("structure %s has no quirk", formatName(format))
		}
	}
	for format := range records {
		if !formats[[2]uint32{0, format}] {
			t.Errorf("record %s has no quirk", formatName(format))
		}
	}
	for format := uint32(1); format < 1<<12; format++ {
		if _, ok := slotOf(format); ok && !formats[[2]uint32{0, format}] {
			t.Errorf("record %s has no quirk", formatName(format))
		}
	}
}

// TestRateChanges: each sample counts with its own rate, and one without a rate
// says so.
func TestRateChanges(t *testing.T) {
	header := rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader))
	sample := func(rate int) []byte { return tagged(formatFlow, 1, 5, rate, 80000, 0, 5, 9, 1, header) }
	b, _ := decode(t, datagram(sample(100), sample(5000), sample(0), sample(1)))
	for i, want := range []struct {
		rate   uint64
		source string
	}{{100, "record"}, {5000, "record"}, {1, "assumed"}, {1, "record"}} {
		if r := b.At(i); r.FlowSamplingRate != want.rate || r.FlowSamplingSource != want.source || r.NetworkBytes != 40*want.rate || r.Has(flow.FieldFlowSamplingBytes) != (want.rate > 1) {
			t.Errorf("sample %d: rate %d (%s), %d bytes", i, r.FlowSamplingRate, r.FlowSamplingSource, r.NetworkBytes)
		}
	}
}

// TestIdentity: the agent's address and the sub-agent tell exporters apart that
// send from one address, each with sequence numbers of its own.
func TestIdentity(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	b, w := sink(16)
	var res message.Result
	header := flowOf(rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)))
	for i, from := range []struct {
		agent    any
		sub, seq int
		lost     uint64
	}{{src4, 0, 10, 0}, {src4, 1, 500, 0}, {src6, 0, 7000, 0}, {src4, 0, 12, 1}, {src4, 1, 501, 0}, {src6, 0, 7004, 3}} {
		d.Decode(testOrigin, join(version, from.agent, from.sub, from.seq, 1000*i, 1, header), w, &res)
		r := b.At(i)
		if res.Lost != from.lost || r.FlowExporterAgent != from.agent || r.FlowExporterDomain != uint32(from.sub) || r.ObserverIP != testOrigin.Addr {
			t.Errorf("datagram %d: %d lost, agent %s, sub-agent %d of %s", i, res.Lost, r.FlowExporterAgent, r.FlowExporterDomain, r.ObserverIP)
		}
	}
}
