package netflow

import (
	"bytes"
	"encoding/binary"
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

// capture is a row of ../shared/captures/INDEX.tsv.
type capture struct {
	path, protocol, format, needs string
	records, options              int
	accepted                      string
}

// captures reads the index; it skips the test when there is none.
func captures(t testing.TB) (dir string, list []capture) {
	t.Helper()
	dir, list, err := readCaptures(t)
	if err != nil {
		t.Skipf("no captures of real exporters here: %v", err)
	}
	return dir, list
}

// readCaptures reads the index. An error says that there is none, which fails the
// test where the captures are required.
func readCaptures(t testing.TB) (dir string, list []capture, err error) {
	t.Helper()
	shared := os.Getenv("WEIR_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir = filepath.Join(shared, "captures")
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("the captures are required: %v", err)
		}
		return dir, nil, err
	}
	lines := strings.Split(strings.TrimRight(string(index), "\n"), "\n")
	column := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		get := func(name string) string { return cells[column[name]] }
		c := capture{path: get("path"), protocol: get("protocol"), format: get("format"), needs: get("needs_template_from"), accepted: get("accepted records")}
		c.records, _ = strconv.Atoi(get("data records"))
		c.options, _ = strconv.Atoi(get("option records"))
		list = append(list, c)
	}
	return dir, list, nil
}

// datagrams reads the UDP payloads of a pcap, or a raw one.
func datagrams(t testing.TB, path, format string) [][]byte {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return payloads(t, data, format)
}

// payloads gives the UDP payloads of a pcap's bytes, or those of a raw datagram.
func payloads(t testing.TB, data []byte, format string) [][]byte {
	if format != "pcap" {
		return [][]byte{data}
	}
	var list [][]byte
	source := pcapSource(t, data)
	for {
		packet, err := source.NextPacket()
		if err != nil {
			return list
		}
		if udp, ok := packet.Layer(layers.LayerTypeUDP).(*layers.UDP); ok && len(udp.Payload) > 0 {
			list = append(list, udp.Payload)
		}
	}
}

func pcapSource(t testing.TB, data []byte) *gopacket.PacketSource {
	if binary.BigEndian.Uint32(data) == 0x0a0d0d0a {
		r, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		return gopacket.NewPacketSource(r, r.LinkType())
	}
	r, err := pcapgo.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return gopacket.NewPacketSource(r, r.LinkType())
}

// sink collects the records of a test in one batch.
func sink(capacity int) (*flow.Batch, *flow.Writer) {
	b := flow.NewBatch(capacity)
	return b, flow.NewWriter(func() *flow.Batch { return b }, func(b *flow.Batch) { b.Reset() })
}

var testOrigin = message.Origin{Addr: netip.MustParseAddr("127.0.0.1"), Transport: "file"}

// TestCaptures decodes the unframed captures of real exporters and compares the
// counts of records with the index. The files that are concatenations need the
// framing of cmd/weir, whose test covers all 248.
func TestCaptures(t *testing.T) {
	dir, list := captures(t)
	good, bad := 0, 0
	for _, c := range list {
		switch c.protocol {
		case "nfv5", "nfv9", "ipfix":
		default:
			continue
		}
		if c.format == "concatenated" {
			continue
		}
		d := NewDecoder(NewStore(DefaultConfig()))
		_, w := sink(512)
		var res message.Result
		if c.needs != "" {
			for _, need := range strings.FieldsFunc(c.needs, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
				path := filepath.Join(dir, need)
				if _, err := os.Stat(path); err != nil {
					path = filepath.Join(dir, filepath.Dir(c.path), need)
				}
				format := "raw-datagram"
				if strings.HasSuffix(need, "pcap") {
					format = "pcap"
				}
				for _, p := range datagrams(t, path, format) {
					d.Decode(testOrigin, p, w, &res)
				}
			}
		}
		flows, options, problem := 0, 0, ""
		for _, p := range datagrams(t, filepath.Join(dir, c.path), c.format) {
			d.Decode(testOrigin, p, w, &res)
			flows += res.Flows
			options += res.Options
			if res.First != nil && problem == "" {
				problem = res.First.Error()
			}
		}
		if flows == c.records && options == c.options {
			good++
			continue
		}
		bad++
		t.Logf("%s: %d flows (index %d, accepted %q), %d options (index %d); %s", c.path, flows, c.records, c.accepted, options, c.options, problem)
	}
	t.Logf("%d files equal, %d not", good, bad)
	if good < 170 {
		t.Errorf("only %d of %d files agree with the index", good, good+bad)
	}
}
