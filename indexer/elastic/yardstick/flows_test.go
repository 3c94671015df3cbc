package yardstick

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
	"github.com/weirflow/weir/indexer/sampleflows"
)

const million = 1_000_000

// thorough reports whether everything is to be measured, and not only that
// nothing gets lost.
func thorough() bool { return os.Getenv("WEIR_YARDSTICK") == "1" }

// flows is how many are measured.
func flows() int {
	if n, err := strconv.Atoi(os.Getenv("WEIR_YARDSTICK_FLOWS")); err == nil && n > 0 {
		return n
	}
	return million
}

// profiles are those that are measured.
func profiles(t *testing.T) []catalogue.Profile {
	name := os.Getenv("WEIR_YARDSTICK_FIELDS")
	if name == "" {
		return []catalogue.Profile{catalogue.Lean, catalogue.Min}
	}
	p, err := catalogue.ParseProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return []catalogue.Profile{p}
}

// tries reports whether another layout than Weir's is measured.
func tries() bool {
	return os.Getenv("WEIR_YARDSTICK_SETTINGS") != "" || os.Getenv("WEIR_YARDSTICK_INDEXED") == "1"
}

// targets are the most bytes that a flow may take after a force-merge, by server
// and profile.
var targets = map[string]map[catalogue.Profile]float64{
	"elasticsearch":  {catalogue.Lean: 150, catalogue.Min: 100},
	"elasticsearch9": {catalogue.Lean: 150, catalogue.Min: 100},
	"opensearch":     {catalogue.Lean: 150, catalogue.Min: 100},
	"opensearch3":    {catalogue.Lean: 80, catalogue.Min: 80},
}

// TestFlows writes flows and compares: the number of documents, the sums, and how
// many distinct hosts, ports and servers there are.
func TestFlows(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		if only := os.Getenv("WEIR_YARDSTICK_SERVERS"); only != "" && !strings.Contains(","+only+",", ","+s.Name+",") {
			t.Skip("SKIPPED: WEIR_YARDSTICK_SERVERS names others")
		}
		switch {
		case thorough():
			for _, profile := range profiles(t) {
				t.Run(profile.String(), func(t *testing.T) {
					size := measure(t, s, profile, flows())
					if most := targets[s.Name][profile]; most > 0 && size > most && !tries() {
						t.Errorf("%.1f bytes per flow, want %.0f at most", size, most)
					}
				})
			}
		case s.Name == "opensearch3" && !race && os.Getenv("WEIR_REQUIRE") == "1":
			measure(t, s, catalogue.Lean, million)
		default:
			measure(t, s, catalogue.Lean, 20_000)
		}
	})
}

// measure writes flows, checks them, and gives how many bytes each takes.
func measure(t *testing.T, s elastictest.Server, profile catalogue.Profile, n int) float64 {
	namespace := s.Namespace(t)
	c := elastic.DefaultConfig(s.URL)
	c.Namespace, c.Fields = namespace, profile
	sink, err := elastic.New(c, elastic.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	connected(t, sink)
	stream := "weir-flows-" + namespace
	override(t, s, stream)

	want := newSums()
	site, batch := sampleflows.NewWithPlaces(n), flow.NewBatch(2048)
	var own time.Duration // of this process, for making flows
	began, used := time.Now(), processor()
	for left := n; left > 0; left -= 2048 {
		before := processor()
		batch.Reset()
		batch.Waits = true // as from a stream: nothing is dropped
		for range min(2048, left) {
			site.Fill(batch.Next())
		}
		want.add(batch)
		own += processor() - before
		if err := sink.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	took, busy := time.Since(began), processor()-used-own
	want.compare(t, s, stream)
	size := sizeOf(t, s, stream) / float64(n)
	t.Logf("%s %s: %d flows, %.1f bytes per flow, %.0f flows/s; Weir's processor time %.2f s, %.1f %% of one core, %.2f us per flow (without the making of flows)",
		s.Name, profile, n, size, float64(n)/took.Seconds(), busy.Seconds(), 100*busy.Seconds()/took.Seconds(), busy.Seconds()*1e6/float64(n))
	return size
}

// connected waits until the sink has made its templates.
func connected(t *testing.T, sink *elastic.Sink) {
	tick, limit := time.NewTicker(10*time.Millisecond), time.NewTimer(5*time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for sink.Ready() != nil {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal(sink.Ready())
		}
	}
}

// sizeOf merges a stream to one segment and gives the bytes that it takes.
func sizeOf(t *testing.T, s elastictest.Server, stream string) float64 {
	for _, path := range []string{"/_flush", "/_forcemerge?max_num_segments=1", "/_refresh", "/_flush"} {
		s.Slowly(t, http.MethodPost, "/"+stream+path)
	}
	var answer struct {
		All struct {
			Primaries struct {
				Store struct {
					Size float64 `json:"size_in_bytes"`
				}
				Segments struct{ Count int }
			}
		} `json:"_all"`
	}
	s.Call(t, http.MethodGet, "/"+stream+"/_stats/store,segments", "", &answer)
	if n := answer.All.Primaries.Segments.Count; n != 1 {
		t.Errorf("%d segments after the merge, want 1", n)
	}
	return answer.All.Primaries.Store.Size
}

// sums are what the flows add up to.
type sums struct {
	flows, bytes, packets uint64
	sources, destinations map[netip.Addr]bool
	ports                 map[uint16]bool
	networks              map[uint32]bool
}

func newSums() *sums {
	return &sums{sources: make(map[netip.Addr]bool), destinations: make(map[netip.Addr]bool), ports: make(map[uint16]bool), networks: make(map[uint32]bool)}
}

func (w *sums) add(b *flow.Batch) {
	for i := range b.Records() {
		r := b.At(i)
		w.flows++
		w.bytes, w.packets = w.bytes+r.NetworkBytes, w.packets+r.NetworkPackets
		w.sources[r.SourceIP], w.destinations[r.DestinationIP], w.ports[r.DestinationPort] = true, true, true
		if r.Has(flow.FieldDestinationASNumber) {
			w.networks[r.DestinationASNumber] = true
		}
	}
}

// compare asks the server for the same. Distinct values are counted exactly, by
// paging through them.
func (w *sums) compare(t *testing.T, s elastictest.Server, stream string) {
	documents, bytes := s.Totals(t, stream, "network.bytes")
	_, packets := s.Totals(t, stream, "network.packets")
	if documents != w.flows || bytes != w.bytes || packets != w.packets {
		t.Errorf("%d documents with %d bytes and %d packets; want %d with %d and %d", documents, bytes, packets, w.flows, w.bytes, w.packets)
	}
	for field, want := range map[string]int{"source.ip": len(w.sources), "destination.ip": len(w.destinations),
		"destination.port": len(w.ports), "destination.as.number": len(w.networks)} {
		if got := distinct(t, s, stream, field); got != want {
			t.Errorf("%d distinct values of %s, want %d", got, field, want)
		}
	}
}

func distinct(t *testing.T, s elastictest.Server, stream, field string) (n int) {
	after := ""
	for {
		var answer struct {
			Aggregations struct {
				Pages struct {
					After   json.RawMessage `json:"after_key"`
					Buckets []struct{}
				}
			}
		}
		s.Call(t, http.MethodPost, "/"+stream+"/_search", fmt.Sprintf(
			`{"size":0,"aggs":{"pages":{"composite":{"size":10000,"sources":[{"v":{"terms":{"field":%q}}}]%s}}}}`, field, after), &answer)
		n += len(answer.Aggregations.Pages.Buckets)
		if len(answer.Aggregations.Pages.Buckets) < 10000 {
			return n
		}
		after = `,"after":` + cmp.Or(string(answer.Aggregations.Pages.After), "{}")
	}
}

// processor is how long this process has kept processors busy.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
