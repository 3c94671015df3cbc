// Command check compares recorded exports with the tables of what the exporters were
// fed. It decodes nothing itself: nfdump's collectors (nfcapd, and sfcapd for sFlow)
// receive the recorded datagrams on loopback, and nfdump prints what they stored.
//
//	check -expected exports/expected.json -tables DIR -exports DIR [-demo DIR]
//
// It prints one line per export and ends with status 1 when sums differ.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// export is one entry of expected.json; testdata/README.md describes the format.
type export struct {
	File     string   `json:"file"`
	Exporter string   `json:"exporter"`
	Protocol string   `json:"protocol"`
	Table    string   `json:"table"`
	Excludes []string `json:"excludes"`
	Sampling uint64   `json:"sampling"`
	Records  int      `json:"records"`
	// OracleICMP tells whether nfdump shows this export's ICMP types and codes. If not,
	// ICMP is compared per address pair.
	OracleICMP bool `json:"oracle_icmp"`
}

// key is a 5-tuple; sums are its counters, in packets and IP bytes.
type key struct {
	src, dst     netip.Addr
	sport, dport uint16
	proto        uint8
}
type sums struct{ packets, bytes uint64 }

func (k key) String() string {
	return fmt.Sprintf("protocol %d %v -> %v", k.proto, netip.AddrPortFrom(k.src, k.sport), netip.AddrPortFrom(k.dst, k.dport))
}

func (s sums) String() string { return fmt.Sprintf("%d packets, %d bytes", s.packets, s.bytes) }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	set := flag.NewFlagSet("check", flag.ContinueOnError)
	expected := set.String("expected", "", "expected.json")
	tables := set.String("tables", "", "folder of flows.json")
	demo := set.String("demo", "", "folder of the demo's tables; without it demo exports are left out")
	exports := set.String("exports", "", "folder of the recorded exports")
	if err := set.Parse(args); err != nil {
		return err
	}
	data, err := os.ReadFile(*expected)
	if err != nil {
		return err
	}
	var list []export
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%s: %w", *expected, err)
	}
	fmt.Printf("%-28s %8s %8s %8s %10s %6s %6s %6s  %s\n", "export", "records", "tuples", "packets", "bytes", "miss", "extra", "differ", "verdict")
	bad := 0
	for _, e := range list {
		dir := *tables
		if e.Table != "flows.json" {
			if dir = *demo; dir == "" {
				continue
			}
		}
		want, err := readTable(filepath.Join(dir, e.Table), e)
		if err != nil {
			return err
		}
		got, records, err := oracle(filepath.Join(*exports, e.File), e.Protocol)
		if err != nil {
			return fmt.Errorf("%s: %w", e.File, err)
		}
		if !e.OracleICMP {
			want, got = withoutICMPTypes(want), withoutICMPTypes(got)
		}
		if !compare(e, want, got, records) {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d exports differ from their tables", bad)
	}
	return nil
}

// compare prints the export's line and reports whether it is as expected. Of a sampled
// export only this is expected: some flows, and none that the table lacks.
func compare(e export, want, got map[key]sums, records int) bool {
	var total sums
	var missing, extra, differ int
	var details []string
	for k, w := range want {
		switch g, ok := got[k]; {
		case !ok:
			missing++
			details = append(details, fmt.Sprintf("    missing %v: %v", k, w))
		case g != w:
			differ++
			details = append(details, fmt.Sprintf("    differs %v: want %v, got %v", k, w, g))
		}
	}
	for k, g := range got {
		total.packets += g.packets
		total.bytes += g.bytes
		if _, ok := want[k]; !ok {
			extra++
			details = append(details, fmt.Sprintf("    extra   %v: %v", k, g))
		}
	}
	if e.Records != records {
		details = append(details, fmt.Sprintf("    records: want %d, got %d", e.Records, records))
	}
	good := e.Records == records && extra == 0 && len(got) > 0 && (e.Sampling > 1 || missing+differ == 0)
	verdict := "equal"
	switch {
	case !good:
		verdict = "DIFFERENT"
	case e.Sampling > 1:
		verdict = fmt.Sprintf("subset (sampled 1:%d)", e.Sampling)
	}
	fmt.Printf("%-28s %8d %8d %8d %10d %6d %6d %6d  %s\n", e.File, records, len(got), total.packets, total.bytes, missing, extra, differ, verdict)
	if !good {
		slices.Sort(details)
		for _, line := range details[:min(len(details), 12)] {
			fmt.Println(line)
		}
	}
	return good
}

// withoutICMPTypes sums ICMP per address pair.
func withoutICMPTypes(in map[key]sums) map[key]sums {
	out := map[key]sums{}
	for k, s := range in {
		if k.proto == 1 || k.proto == 58 {
			k.sport, k.dport = 0, 0
		}
		sum := out[k]
		out[k] = sums{sum.packets + s.packets, sum.bytes + s.bytes}
	}
	return out
}

// readTable sums a table's rows per 5-tuple, without the excluded kinds. For sFlow the
// bytes are what sfcapd counts: whole frames with the 4 bytes of FCS that sfprobe adds.
func readTable(path string, e export) (map[key]sums, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table struct {
		Flows []struct {
			Src, Dst netip.Addr
			SrcPort  uint16 `json:"src_port"`
			DstPort  uint16 `json:"dst_port"`
			Protocol uint8
			Packets  uint64
			Bytes    uint64
			Frames   uint64 `json:"frame_bytes"`
		}
	}
	if err := json.Unmarshal(data, &table); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(table.Flows) == 0 {
		return nil, errors.New(path + " has no flows")
	}
	out := map[key]sums{}
	for _, f := range table.Flows {
		if f.Src.Is6() && slices.Contains(e.Excludes, "ipv6") {
			continue
		}
		k := key{f.Src, f.Dst, f.SrcPort, f.DstPort, f.Protocol}
		s := out[k]
		octets := f.Bytes
		if e.Protocol == "sflow5" {
			octets = f.Frames + 4*f.Packets
		}
		out[k] = sums{s.packets + f.Packets, s.bytes + octets}
	}
	return out, nil
}
