package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The parts of an IPFIX message (RFC 7011 section 3): template 256 has
// sourceIPv4Address and octetDeltaCount.
func message10(sets ...[]byte) []byte {
	b := []byte{0, 10, 0, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 0, 0, 0, 0, 7}
	for _, set := range sets {
		b = append(b, set...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

var (
	templateSet = []byte{0, 2, 0, 16, 1, 0, 0, 2, 0, 8, 0, 4, 0, 1, 0, 4}
	// optionsSet defines 257: scope meteringProcessId, samplingInterval.
	optionsTemplate = []byte{0, 3, 0, 18, 1, 1, 0, 2, 0, 1, 0, 143, 0, 4, 0, 34, 0, 4}
	optionsSet      = []byte{1, 1, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1}
)

func dataSet(octets byte) []byte {
	return []byte{1, 0, 0, 12, 192, 0, 2, octets, 0, 0, 0, octets}
}

// documents decodes files with the contents given, and gives the sources of the
// documents printed.
func documents(t *testing.T, cfg Config, contents ...[]byte) ([]string, Summary) {
	t.Helper()
	var out bytes.Buffer
	d := New(cfg, &out)
	for _, content := range contents {
		path := filepath.Join(t.TempDir(), "capture")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.File(context.Background(), path); err != nil {
			t.Fatal(err)
		}
	}
	var sources []string
	for line := range strings.Lines(out.String()) {
		var doc struct {
			Source   struct{ IP string }
			Observer struct{ IP string }
			Event    struct{ Action string }
			Time     time.Time `json:"@timestamp"`
		}
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name := doc.Source.IP
		if doc.Event.Action != "network_flow" {
			name = doc.Event.Action
		}
		if doc.Observer.IP != "127.0.0.1" {
			name += " of " + doc.Observer.IP
		}
		sources = append(sources, name)
		if want := time.Unix(0x6553f100, 0); !doc.Time.Equal(want) && doc.Event.Action == "network_flow" {
			t.Errorf("%s: time %v, want the message's, %v", name, doc.Time, want)
		}
	}
	return sources, d.Summary()
}

func TestOrderAndState(t *testing.T) {
	sources, s := documents(t, Config{},
		message10(templateSet), slices.Concat(message10(dataSet(3), dataSet(1)), message10(dataSet(2))))
	if want := []string{"192.0.2.3", "192.0.2.1", "192.0.2.2"}; !slices.Equal(sources, want) {
		t.Errorf("documents %v, want %v", sources, want)
	}
	if s.Files != 2 || s.Datagrams != 3 || s.Messages != 3 || s.Records != 3 || s.Templates != 1 || s.Protocols["ipfix"] != 3 || !s.Clean() {
		t.Errorf("%+v", s)
	}
}

func TestOptionsRecords(t *testing.T) {
	content := message10(templateSet, optionsTemplate, dataSet(1), optionsSet, dataSet(2))
	sources, s := documents(t, Config{}, content)
	if want := []string{"192.0.2.1", "192.0.2.2"}; !slices.Equal(sources, want) || s.Options != 1 || s.OptionsTemplates != 1 {
		t.Errorf("%v, %+v", sources, s)
	}
	sources, s = documents(t, Config{Options: true}, content)
	if want := []string{"192.0.2.1", "options_record", "192.0.2.2"}; !slices.Equal(sources, want) || s.Options != 1 {
		t.Errorf("with options: %v, %+v", sources, s)
	}
}

func TestExporter(t *testing.T) {
	sources, _ := documents(t, Config{Exporter: netip.MustParseAddr("::ffff:198.51.100.9")}, message10(templateSet, dataSet(1)))
	if want := []string{"192.0.2.1 of 198.51.100.9"}; !slices.Equal(sources, want) {
		t.Errorf("%v, want %v", sources, want)
	}
}

func TestProblems(t *testing.T) {
	_, s := documents(t, Config{}, message10(dataSet(1)), []byte("what is this"), nil)
	if s.Clean() || !maps.Equal(s.Errors, map[string]uint64{"no_template": 1, "unknown_version": 1}) || s.SetsWithoutTemplate != 1 || len(s.Details) != 2 {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(s.Details[0], "capture: datagram 1 from 127.0.0.1: no_template: ipfix, domain 7, set 256") {
		t.Errorf("detail %q", s.Details[0])
	}
	many := bytes.Repeat(message10(dataSet(1)), 100)
	if _, s := documents(t, Config{}, many); len(s.Details) != maxDetails || s.MoreDetails != 100-maxDetails {
		t.Errorf("%d details and %d more", len(s.Details), s.MoreDetails)
	}
	d := New(Config{}, &bytes.Buffer{})
	if err := d.File(context.Background(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// brokenPipe fails like the end of a pipe that nobody reads.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestWriteError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, message10(templateSet, dataSet(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	err := New(Config{}, brokenPipe{}).File(context.Background(), path)
	if broken := (*WriteError)(nil); !errors.As(err, &broken) || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := New(Config{}, &bytes.Buffer{}).File(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context has ended: %v", err)
	}
}

// TestSummaryKeys pins the keys that programs read.
func TestSummaryKeys(t *testing.T) {
	s := newSummary()
	text, err := json.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"files":0,"packets":0,"datagrams":0,"bytes":0,"messages":0,"messages_by_protocol":{},"records":0,"options":0,` +
		`"counters":0,"templates":0,"options_templates":0,"sets_without_template":0,"late_sets":0,"lost":0,"ignored_packets":0,"errors":{},"warnings":{},` +
		`"details":[],"more_details":0}`
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

func TestSummaryText(t *testing.T) {
	_, s := documents(t, Config{}, message10(templateSet, dataSet(1)), message10(dataSet(1)), []byte("what is this"))
	var out bytes.Buffer
	if err := s.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(out.String(), "\n") // the detail has a path of this run
	const want = `files                  3
datagrams              3
messages               2
  ipfix                2
records                2
options                0
counters               0
templates              1
options templates      0
sets without template  0
errors
  unknown_version      1
`
	if text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}
