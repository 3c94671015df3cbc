package sflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

var testOrigin = message.Origin{Addr: netip.MustParseAddr("192.0.2.1"), Transport: "udp", Received: 1_790_000_000_123_456_789}

// sink collects the records of a test in one batch.
func sink(capacity int) (*flow.Batch, *flow.Writer) {
	b := flow.NewBatch(capacity)
	return b, flow.NewWriter(func() *flow.Batch { return b }, func(b *flow.Batch) { b.Reset() })
}

// capture is an sFlow row of ../shared/captures/INDEX.tsv.
type capture struct {
	path                   string
	flows, counters, other int
	datagrams              [][]byte
}

// captures reads the index and the files; it skips the test when there are none.
func captures(t testing.TB) []capture {
	t.Helper()
	list, err := readCaptures(t)
	if err != nil {
		t.Skipf("no captures of real exporters here: %v", err)
	}
	return list
}

// readCaptures reads the index and the files. An error says that they are not
// here, which fails the test where they are required.
func readCaptures(t testing.TB) (list []capture, err error) {
	t.Helper()
	dir := capturesDir()
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("the captures are required: %v", err)
		}
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(string(index), "\n"), "\n")
	column := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		if cells[column["protocol"]] != "sflow5" {
			continue
		}
		c := capture{path: cells[column["path"]]}
		if _, err := fmt.Sscanf(cells[column["sflow samples (flow/counter/other)"]], "%d/%d/%d", &c.flows, &c.counters, &c.other); err != nil {
			t.Fatalf("%s: samples: %v", c.path, err)
		}
		records, err := strconv.Atoi(cells[column["data records"]])
		if err != nil || records != c.flows+c.counters+c.other {
			t.Fatalf("%s: the index counts %d records and %d/%d/%d samples", c.path, records, c.flows, c.counters, c.other)
		}
		c.datagrams = datagrams(t, filepath.Join(dir, c.path), cells[column["format"]])
		list = append(list, c)
	}
	return list, nil
}

// capturesDir is where the captures of real exporters are, if they are here.
func capturesDir() string {
	if shared := os.Getenv("WEIR_SHARED"); shared != "" {
		return filepath.Join(shared, "captures")
	}
	return "../../../shared/captures"
}

// datagrams reads the UDP payloads of a pcap, or a raw one.
func datagrams(t testing.TB, path, format string) (list [][]byte) {
	t.Helper()
	if format != "pcap" {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return [][]byte{data}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var source *gopacket.PacketSource
	var magic [4]byte
	if _, err := file.ReadAt(magic[:], 0); err != nil {
		t.Fatal(err)
	}
	if binary.BigEndian.Uint32(magic[:]) == 0x0a0d0d0a {
		r, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		source = gopacket.NewPacketSource(r, r.LinkType())
	} else {
		r, err := pcapgo.NewReader(file)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		source = gopacket.NewPacketSource(r, r.LinkType())
	}
	source.Lazy = true // the payload is ours to decode
	for {
		packet, err := source.NextPacket()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if udp, ok := packet.Layer(layers.LayerTypeUDP).(*layers.UDP); ok && len(udp.Payload) > 0 {
			list = append(list, udp.Payload)
		}
	}
}

// damaged are the captures whose bytes are not all understood, with the reason.
var damaged = map[string]message.Reason{
	// Copies of another datagram of which the first sample is counted alone.
	"akvorado/sflow-discard-interface.pcap":   message.ReasonTrailingBytes,
	"akvorado/sflow-local-interface.pcap":     message.ReasonTrailingBytes,
	"akvorado/sflow-multiple-interfaces.pcap": message.ReasonTrailingBytes,
	"cistern-sflow/sflow-flow-samples-2.bin":  message.ReasonTrailingBytes,
	// A fuzzer's, whose UDP header gives the datagram 8 bytes.
	"tcpdump/sflow-segv-fuzz.pcap": message.ReasonTruncatedHeader,
	// Hand-made, with lengths that are too big.
	"gopacket/sflow-extended-router-v6nh.bin": message.ReasonBadSample,
	"gopacket/sflow-lacp-counter.bin":         message.ReasonTruncatedSample,
}

// TestCaptures decodes real exporters' datagrams and compares the counts of
// samples with those of the index, which an independent parser counted. Every
// byte must be understood but for the damaged ones.
func TestCaptures(t *testing.T) {
	list := captures(t)
	equal := 0
	for _, c := range list {
		d := NewDecoder(DefaultConfig())
		_, w := sink(256)
		var res message.Result
		flows, counters := 0, 0
		var first *message.Error
		for _, p := range c.datagrams {
			d.Decode(testOrigin, p, w, &res)
			flows += res.Flows
			counters += res.Counters
			if first == nil && !res.Clean() {
				first = res.First
			}
		}
		if flows == c.flows && counters == c.counters && c.other == 0 {
			equal++
		} else {
			t.Errorf("%s: %d flow and %d counter samples, the index has %d/%d/%d; %v", c.path, flows, counters, c.flows, c.counters, c.other, first)
		}
		switch want := damaged[c.path]; {
		case first == nil && want != message.ReasonNone:
			t.Errorf("%s: no problem, want %s", c.path, want)
		case first != nil && first.Reason != want:
			t.Errorf("%s: %v, want %s", c.path, first, want)
		}
	}
	t.Logf("%d of %d files agree with the index", equal, len(list))
	if len(list) < 41 {
		t.Errorf("only %d files in the index", len(list))
	}
}
