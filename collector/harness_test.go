package collector

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; none comes near it unless it fails.
const patience = 20 * time.Second

// fakeDecoder stands in for the real decoders, whose own tests cover them: one
// record for each message, with its length in NetworkBytes and its sequence
// number in FlowCount. What is no message of a known protocol is a problem.
type fakeDecoder struct {
	called func()          // when not nil, before anything else
	gate   <-chan struct{} // when not nil, decoding waits until it is closed
	seen   func(message.Origin)
}

func (d *fakeDecoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	if d.called != nil {
		d.called()
	}
	if d.gate != nil {
		<-d.gate
	}
	if d.seen != nil {
		d.seen(o)
	}
	res.Reset()
	res.Protocol = Recognise(payload)
	if res.Protocol == message.ProtocolUnknown || len(payload) < ipfixHeader {
		res.Add(message.ReasonTruncatedHeader, 0, 0, errors.New("too short"))
		return
	}
	r := w.Next()
	r.SetNetworkBytes(uint64(len(payload)))
	r.SetFlowCount(uint64(binary.BigEndian.Uint32(payload[8:])))
	r.SetObserverIP(o.Addr)
	r.SetFlowExporterTransport(o.Transport)
	res.Flows = 1
}

// newMessage makes a message of a version, with a sequence number and any length
// from 16 bytes.
func newMessage(version uint16, sequence uint32, length int) []byte {
	b := make([]byte, length)
	binary.BigEndian.PutUint16(b, version)
	binary.BigEndian.PutUint16(b[2:], uint16(length))
	binary.BigEndian.PutUint32(b[8:], sequence)
	return b
}

// got is what a test wants to know of a record.
type got struct {
	sequence, length uint64
	from             netip.Addr
	transport        string
	waits            bool
}

// sink is an output that keeps what it gets.
type sink struct {
	mu      sync.Mutex
	changed sync.Cond
	records []got
	origins []message.Origin
	closed  []uint64
}

func newSink() *sink {
	s := &sink{}
	s.changed.L = &s.mu
	return s
}

func (s *sink) output(_ context.Context, b *flow.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Records() {
		r := b.At(i)
		s.records = append(s.records, got{r.FlowCount, r.NetworkBytes, r.ObserverIP, r.FlowExporterTransport, b.Waits})
	}
	b.Release()
	s.changed.Broadcast()
}

func (s *sink) origin(o message.Origin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.origins = append(s.origins, o)
}

func (s *sink) sessionClosed(session uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = append(s.closed, session)
	s.changed.Broadcast()
}

// wait waits until ok holds for the sink's content; ok is called with its lock.
func (s *sink) wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ok() {
		if late {
			t.Fatalf("waited for %s in vain; got %d records, %d ended sessions", what, len(s.records), len(s.closed))
		}
		s.changed.Wait()
	}
}

// take waits for n records and gives them.
func (s *sink) take(t *testing.T, n int) []got {
	t.Helper()
	s.wait(t, fmt.Sprintf("%d records", n), func() bool { return len(s.records) >= n })
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]got(nil), s.records...)
}

// logBuffer keeps log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is a collector under test.
type rig struct {
	*Collector
	sink     *sink
	log      *logBuffer
	registry *prometheus.Registry
}

// startRig starts a collector; change may be nil. It is closed with the test.
func startRig(t testing.TB, config Config, change func(*Dependencies)) *rig {
	t.Helper()
	r := newRig(t, config, change)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop(t) })
	return r
}

func newRig(t testing.TB, config Config, change func(*Dependencies)) *rig {
	t.Helper()
	r := &rig{sink: newSink(), log: &logBuffer{}, registry: prometheus.NewRegistry()}
	d := Dependencies{
		Logger:        slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Registerer:    r.registry,
		NewDecoder:    func() MessageDecoder { return &fakeDecoder{seen: r.sink.origin} },
		Output:        r.sink.output,
		SessionClosed: r.sink.sessionClosed,
	}
	if change != nil {
		change(&d)
	}
	var err error
	if r.Collector, err = New(config, d); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// addr is where the first endpoint listens.
func (r *rig) addr() string { return r.Addrs()[0].Addr.String() }

// metric sums a metric over the children that have all the labels, each written
// name=value. It fails the test when the metric does not exist.
func (r *rig) metric(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	total, found := 0.0, false
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			have := " "
			for _, l := range m.GetLabel() {
				have += l.GetName() + "=" + l.GetValue() + " "
			}
			match := true
			for _, want := range labels {
				match = match && strings.Contains(have, " "+want+" ")
			}
			if match {
				found = true
				total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	if !found {
		t.Fatalf("there is no metric %s with %v", name, labels)
	}
	return total
}

// send sends datagrams from one socket.
func send(t testing.TB, to string, payloads ...[]byte) {
	t.Helper()
	conn, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range payloads {
		if _, err := conn.Write(p); err != nil {
			t.Fatal(err)
		}
	}
}

// needIPv6 skips loudly on machines without it, and fails where it is required.
func needIPv6(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		lacking(t, "IPv6 on the loopback interface", err)
		return
	}
	conn.Close()
}

func lacking(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("WEIR_REQUIRE") == "1" {
		t.Fatalf("this machine lacks %s: %v", what, err)
	}
	t.Skipf("SKIPPED: this machine lacks %s: %v", what, err)
}

// testCounter reads one counter, also after the registry let go of it.
func testCounter(c prometheus.Counter) float64 { return testutil.ToFloat64(c) }

func testGauge(g prometheus.Gauge) float64 { return testutil.ToFloat64(g) }

// Decode tells that it was called, waits, and decodes.
func (d *gatedDecoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	close(d.waiting)
	<-d.gate
	d.fakeDecoder.Decode(o, payload, w, res)
}

// tapDecoder keeps what it is given to decode.
type tapDecoder struct{ to *bytes.Buffer }

func (d *tapDecoder) Decode(_ message.Origin, payload []byte, _ *flow.Writer, res *message.Result) {
	res.Reset()
	d.to.Write(payload)
}
