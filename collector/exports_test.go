package collector

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// tuple is the key of the table that the exports are compared with.
type tuple struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16
	protocol         uint8
}

type sums struct{ packets, bytes uint64 }

// knownFlow is a row of testdata/flows.json.
type knownFlow struct {
	Src      netip.Addr `json:"src"`
	Dst      netip.Addr `json:"dst"`
	SrcPort  uint16     `json:"src_port"`
	DstPort  uint16     `json:"dst_port"`
	Protocol uint8      `json:"protocol"`
	Packets  uint64     `json:"packets"`
	Bytes    uint64     `json:"bytes"`
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// knownTable gives the sums per 5-tuple of testdata/flows.json. ICMP has no
// ports in our records.
func knownTable(t testing.TB, ipv6 bool) map[tuple]sums {
	var file struct {
		Flows []knownFlow `json:"flows"`
	}
	readJSON(t, "../testdata/flows.json", &file)
	table := map[tuple]sums{}
	for _, f := range file.Flows {
		if f.Src.Is6() && !ipv6 {
			continue
		}
		if f.Protocol == 1 || f.Protocol == 58 {
			f.SrcPort, f.DstPort = 0, 0
		}
		k := tuple{f.Src, f.Dst, f.SrcPort, f.DstPort, f.Protocol}
		table[k] = sums{table[k].packets + f.Packets, table[k].bytes + f.Bytes}
	}
	return table
}

// addRecord adds a record to the sums per 5-tuple.
func addRecord(table map[tuple]sums, r *flow.Record) {
	k := tuple{src: r.SourceIP, dst: r.DestinationIP, protocol: r.NetworkIANANumber}
	if r.Has(flow.FieldSourcePort) {
		k.srcPort, k.dstPort = r.SourcePort, r.DestinationPort
	}
	table[k] = sums{table[k].packets + r.NetworkPackets, table[k].bytes + r.NetworkBytes}
}

// compareTables reports every 5-tuple whose sums differ.
func compareTables(got, want map[tuple]sums) (problems []string) {
	for k, w := range want {
		if got[k] != w {
			problems = append(problems, fmt.Sprintf("%v: got %v, want %v", k, got[k], w))
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			problems = append(problems, fmt.Sprintf("%v: got %v, which is not in the table", k, g))
		}
	}
	return problems
}

// payloads reads the UDP payloads of a pcap file.
func payloads(t testing.TB, path string) (list [][]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	source := gopacket.NewPacketSource(r, r.LinkType())
	for {
		packet, err := source.NextPacket()
		if err != nil {
			return list
		}
		if udp, ok := packet.Layer(layers.LayerTypeUDP).(*layers.UDP); ok {
			list = append(list, udp.Payload)
		}
	}
}

// TestExportsGiveTheKnownTable decodes what real exporters made of one pcap and
// compares the packets and octets of every 5-tuple with the pcap's own table.
func TestExportsGiveTheKnownTable(t *testing.T) {
	var exports []struct {
		File     string   `json:"file"`
		Protocol string   `json:"protocol"`
		Table    string   `json:"table"`
		Records  int      `json:"records"`
		Excludes []string `json:"excludes"`
		Sampling uint64   `json:"sampling"`
	}
	readJSON(t, "../testdata/exports/expected.json", &exports)
	exact := 0
	for _, x := range exports {
		if x.Sampling > 1 {
			continue // an estimate; its rate is tested below
		}
		t.Run(x.File, func(t *testing.T) {
			ipv6 := true
			for _, e := range x.Excludes {
				ipv6 = ipv6 && e != "ipv6"
			}
			want, got, records := knownTable(t, ipv6), map[tuple]sums{}, 0
			d := NewDecoder(netflow.NewStore(netflow.DefaultConfig()), sflow.DefaultConfig())
			var res message.Result
			for _, p := range payloads(t, filepath.Join("../testdata/exports", x.File)) {
				batch := flow.NewBatch(4096)
				w := flow.NewWriter(func() *flow.Batch { return batch }, func(*flow.Batch) {})
				d.Decode(message.Origin{Addr: netip.MustParseAddr("127.0.0.1"), Transport: "file"}, p, w, &res)
				if !res.Clean() {
					t.Errorf("problem: %v", res.First)
				}
				if res.Lost > 0 || res.Reordered {
					t.Errorf("%d lost, reordered %v, of an export without loss", res.Lost, res.Reordered)
				}
				if res.Protocol.String() != x.Protocol {
					t.Fatalf("protocol %s, want %s", res.Protocol, x.Protocol)
				}
				for i := range batch.Records() {
					if r := batch.At(i); r.Kind == flow.KindFlow {
						addRecord(got, r)
						records++
					}
				}
			}
			if x.Table != "flows.json" {
				// The demonstration's tables are too large to keep: its records are
				// counted, testdata/make.sh --check compares them.
				if records != x.Records || records == 0 {
					t.Errorf("%d records, want %d", records, x.Records)
				}
				return
			}
			problems := compareTables(got, want)
			for _, p := range problems[:min(len(problems), 10)] {
				t.Error(p)
			}
			if len(problems) > 10 {
				t.Errorf("and %d more", len(problems)-10)
			}
			exact++
		})
	}
	if exact < 9 {
		t.Errorf("only %d exports were compared", exact)
	}
}

// TestSampledExport checks that an estimate from 1 in 10 packets says so, and
// that the counts before scaling stay.
func TestSampledExport(t *testing.T) {
	d := NewDecoder(netflow.NewStore(netflow.DefaultConfig()), sflow.DefaultConfig())
	var res message.Result
	records := 0
	for _, p := range payloads(t, "../testdata/exports/pmacctd-sflow-1in10.pcap") {
		batch := flow.NewBatch(4096)
		w := flow.NewWriter(func() *flow.Batch { return batch }, func(*flow.Batch) {})
		d.Decode(message.Origin{Addr: netip.MustParseAddr("127.0.0.1"), Transport: "file"}, p, w, &res)
		for i := range batch.Records() {
			r := batch.At(i)
			if r.Kind != flow.KindFlow {
				continue
			}
			records++
			if r.FlowSamplingRate != 10 || r.FlowSamplingSource != "record" || r.NetworkPackets != 10 || r.FlowSamplingPackets != 1 || r.NetworkBytes != 10*r.FlowSamplingBytes {
				t.Fatalf("rate %d from %q, %d packets (%d raw), %d bytes (%d raw)", r.FlowSamplingRate, r.FlowSamplingSource, r.NetworkPackets, r.FlowSamplingPackets, r.NetworkBytes, r.FlowSamplingBytes)
			}
		}
	}
	if records < 50 {
		t.Errorf("only %d samples", records)
	}
}
