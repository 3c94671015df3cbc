package netflow

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	oracle "github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/decoders/netflowlegacy"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// TestOracle compares every address, port, protocol and octet count with what
// goflow2's decoders read from the same datagrams of real exporters.
func TestOracle(t *testing.T) {
	dir, list := captures(t)
	files, compared := 0, 0
	for _, c := range list {
		if c.format == "concatenated" || c.needs != "" || c.protocol != "nfv5" && c.protocol != "nfv9" && c.protocol != "ipfix" {
			continue
		}
		if strings.Contains(c.path, "multi-sources") {
			continue // its exporters collide when they share one address, as here
		}
		cfg := DefaultConfig()
		cfg.HoldFor = 0 // goflow2 holds nothing
		d := NewDecoder(NewStore(cfg))
		templates := oracle.CreateTemplateSystem()
		for _, p := range datagrams(t, filepath.Join(dir, c.path), c.format) {
			b, w := sink(4096)
			var res message.Result
			d.Decode(testOrigin, p, w, &res)
			if !res.Clean() {
				continue // goflow2 never returns from some of these
			}
			want, ok := readOracle(p, templates)
			if !ok {
				continue // goflow2 gave up on the datagram
			}
			files++
			if len(want) != b.Len() {
				t.Errorf("%s: %d records, goflow2 reads %d", c.path, b.Len(), len(want))
				continue
			}
			for i, x := range want {
				compared++
				x.compare(t, c.path, b.At(i))
			}
		}
	}
	t.Logf("%d datagrams, %d records compared", files, compared)
	if compared < 1000 {
		t.Errorf("only %d records were compared", compared)
	}
}

// oracleRecord is what goflow2 read, as raw bytes by element.
type oracleRecord map[uint16][]byte

func (x oracleRecord) compare(t *testing.T, path string, r *flow.Record) {
	t.Helper()
	for id, raw := range x {
		switch {
		case id == 8 && len(raw) == 4:
			if r.SourceIP.Is4() && !bytes.Equal(r.SourceIP.AsSlice(), raw) {
				t.Errorf("%s: source.ip %s, goflow2 reads % x", path, r.SourceIP, raw)
			}
		case id == 12 && len(raw) == 4:
			if r.DestinationIP.Is4() && !bytes.Equal(r.DestinationIP.AsSlice(), raw) {
				t.Errorf("%s: destination.ip %s, goflow2 reads % x", path, r.DestinationIP, raw)
			}
		case id == 4 && uint64(r.NetworkIANANumber) != number(raw):
			t.Errorf("%s: protocol %d, goflow2 reads % x", path, r.NetworkIANANumber, raw)
		case id == 7 && r.Has(flow.FieldSourcePort) && uint64(r.SourcePort) != number(raw):
			t.Errorf("%s: source.port %d, goflow2 reads % x", path, r.SourcePort, raw)
		case id == 1 && len(raw) <= 8 && number(raw) != 0 && r.SourceBytes/r.FlowSamplingRate != number(raw):
			t.Errorf("%s: source.bytes %d at rate %d, goflow2 reads %d", path, r.SourceBytes, r.FlowSamplingRate, number(raw))
		}
	}
}

// readOracle gives the data records of a datagram as goflow2 reads them.
func readOracle(p []byte, templates oracle.NetFlowTemplateSystem) (list []oracleRecord, ok bool) {
	if len(p) < 2 {
		return nil, false
	}
	add := func(sets []any) {
		for _, set := range sets {
			data, is := set.(oracle.DataFlowSet)
			if !is {
				continue
			}
			for _, record := range data.Records {
				x := oracleRecord{}
				for _, f := range record.Values {
					if raw, is := f.Value.([]byte); is && !f.PenProvided && x[f.Type] == nil {
						x[f.Type] = raw
					}
				}
				list = append(list, x)
			}
		}
	}
	buf := bytes.NewBuffer(p)
	switch binary.BigEndian.Uint16(p) {
	case 5:
		var m netflowlegacy.PacketNetFlowV5
		if netflowlegacy.DecodeMessageVersion(buf, &m) != nil || len(p) != 24+48*int(m.Count) {
			return nil, false
		}
		for _, r := range m.Records {
			x := oracleRecord{4: {r.Proto}}
			x[8] = binary.BigEndian.AppendUint32(nil, uint32(r.SrcAddr))
			x[12] = binary.BigEndian.AppendUint32(nil, uint32(r.DstAddr))
			x[7] = binary.BigEndian.AppendUint16(nil, r.SrcPort)
			x[1] = binary.BigEndian.AppendUint32(nil, r.DOctets)
			list = append(list, x)
		}
	case 9:
		var m oracle.NFv9Packet
		if oracle.DecodeMessageVersion(buf, templates, &m, nil) != nil || buf.Len() > 0 {
			return nil, false
		}
		add(m.FlowSets)
	case 10:
		var m oracle.IPFIXPacket
		if oracle.DecodeMessageVersion(buf, templates, nil, &m) != nil || buf.Len() > 0 {
			return nil, false
		}
		add(m.FlowSets)
	}
	return list, true
}

// BenchmarkOracle is goflow2 on the datagrams of BenchmarkDecode, for the
// comparison in docs/internals.md.
func BenchmarkOracle(b *testing.B) {
	template, data := benchmarkMessages()
	templates := oracle.CreateTemplateSystem()
	var m oracle.IPFIXPacket
	if err := oracle.DecodeMessageVersion(bytes.NewBuffer(template), templates, nil, &m); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		m = oracle.IPFIXPacket{}
		if err := oracle.DecodeMessageVersion(bytes.NewBuffer(data), templates, nil, &m); err != nil {
			b.Fatal(err)
		}
		records += len(m.FlowSets[0].(oracle.DataFlowSet).Records)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/flow")
}
