package deployments

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// mapping is an index with the types that the templates give the fields.
func mapping(t *testing.T) string {
	t.Helper()
	properties := map[string]any{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([@a-z_.0-9]+)` \\| (?:(?:full|lean|min) \\| )?(ip|keyword|long|double|date|boolean) \\|").FindAllStringSubmatch(string(read(t, "../docs/fields.md")), -1) {
		properties[m[1]] = map[string]string{"type": m[2]}
	}
	if len(properties) < 100 {
		t.Fatalf("docs/fields.md has only %d fields", len(properties))
	}
	text, err := json.Marshal(map[string]any{"mappings": map[string]any{"dynamic": "strict", "properties": properties}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// scene is what the server holds when an alert is evaluated, and of whom it is
// to tell.
type scene struct {
	documents []map[string]any
	fires     []string // the groups' keys, parts joined with a space
}

// scenes gives one for each example: documents that fire it, others that come
// near, and some that would fire it but are too old.
func scenes(now time.Time) map[string]scene {
	at := func(ago time.Duration) string { return now.Add(-ago).UTC().Format("2006-01-02T15:04:05.000Z") }
	exporter := func(name string, ago time.Duration, silent, lost float64) map[string]any {
		return map[string]any{"@timestamp": at(ago), "event.action": "exporter_status", "observer.name": name, "flow.status.silent_seconds": silent, "flow.status.lost_ratio": lost, "flow.status.datagrams": 10}
	}
	collector := map[string]any{"@timestamp": at(time.Minute), "event.action": "collector_status", "observer.name": "collector", "flow.status.silent_seconds": 9000, "flow.status.lost_ratio": 1, "flow.status.datagrams": 10}
	list := map[string]scene{}
	list["exporter-silent"] = scene{[]map[string]any{
		exporter("gone", time.Minute, 700, 0), exporter("gone", 2*time.Minute, 640, 0),
		exporter("well", time.Minute, 20, 0), exporter("slow", time.Minute, 599, 0), exporter("back", time.Hour, 4000, 0), exporter("back", time.Minute, 3, 0), collector,
	}, []string{"gone"}}
	silent := exporter("silent", time.Minute, 700, 1)
	silent["flow.status.datagrams"] = 0 // of nothing all is missing, which says nothing
	list["exporter-loss"] = scene{[]map[string]any{
		exporter("lossy", time.Minute, 1, 0.05), exporter("lossy", 5*time.Minute, 1, 0.002),
		exporter("well", time.Minute, 1, 0), exporter("near", time.Minute, 1, 0.009), exporter("mended", time.Hour, 1, 0.5), exporter("mended", time.Minute, 1, 0), collector, silent,
	}, []string{"lossy"}}

	traffic, hosts, ports := scene{fires: []string{"busy"}}, scene{fires: []string{"192.0.2.66"}}, scene{fires: []string{"192.0.2.66 198.51.100.9"}}
	for i := range 400 {
		ago := time.Duration(i) * time.Second / 2
		add := func(s *scene, ago time.Duration, fields map[string]any) {
			fields["@timestamp"] = at(ago + time.Second)
			s.documents = append(s.documents, fields)
		}
		for name, bytes := range map[string]int64{"busy": 190e6, "near": 180e6} {
			add(&traffic, ago, map[string]any{"observer.name": name, "network.bytes": bytes})
		}
		add(&traffic, time.Hour+ago, map[string]any{"observer.name": "earlier", "network.bytes": int64(900e6)})
		flow := func(client, server string, port int) map[string]any {
			return map[string]any{"flow.client.ip": client, "flow.server.ip": server, "flow.server.port": port}
		}
		add(&hosts, ago, flow("192.0.2.66", fmt.Sprintf("198.51.%d.%d", i/200, i%200), 445))
		add(&hosts, ago, flow("192.0.2.5", fmt.Sprintf("198.51.100.%d", i%200), 443))            // many, but no scan
		add(&hosts, ago, flow(fmt.Sprintf("192.0.%d.%d", i/200, i%200), "198.51.100.53", 53))    // a server that many ask
		add(&hosts, time.Hour+ago, flow("192.0.2.7", fmt.Sprintf("203.0.%d.1", i%250+i/250), 1)) // over
		add(&ports, ago, flow("192.0.2.66", "198.51.100.9", i))
		add(&ports, ago, flow("192.0.2.5", "198.51.100.9", i%100))
		add(&ports, ago, flow("192.0.2.6", fmt.Sprintf("198.51.100.%d", i%200), i)) // a port each of many hosts
		add(&ports, time.Hour+ago, flow("192.0.2.7", "198.51.100.9", i))
	}
	list["traffic-over-threshold"], list["scan-of-hosts"], list["scan-of-ports"] = traffic, hosts, ports
	return list
}

// TestAlertQueries evaluates every example on real servers: it fires for those
// that it should fire for, and for nobody else.
func TestAlertQueries(t *testing.T) {
	now := time.Now()
	list := scenes(now)
	if !slices.Equal(slices.Sorted(maps.Keys(list)), names) {
		t.Fatalf("the scenes are not those of %v", names)
	}
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		for name, scene := range list {
			t.Run(name, func(t *testing.T) {
				index := "weir-alert-test-" + strings.ToLower(rand.Text())
				s.Call(t, http.MethodPut, "/"+index, mapping(t), nil)
				t.Cleanup(func() { remove(t, s.URL+"/"+index) })
				fill(t, s, index, scene.documents)
				var fired []string
				if s.Product == "opensearch" {
					fired = monitor(t, s, index, name, now)
				} else {
					fired = rule(t, s, index, name, now)
				}
				slices.Sort(fired)
				if !slices.Equal(fired, scene.fires) {
					t.Errorf("it fires for %v, want %v", fired, scene.fires)
				}
			})
		}
	})
}

// remove deletes an index when the test, and its context, are over.
func remove(t *testing.T, url string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, url, nil)
	if err != nil {
		t.Error(err)
		return
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("deleting %s: %s", url, answer.Status)
	}
}

func fill(t *testing.T, s elastictest.Server, index string, documents []map[string]any) {
	t.Helper()
	var body strings.Builder
	for _, d := range documents {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&body, "{\"index\":{}}\n%s\n", text)
	}
	var answer struct {
		Errors bool
		Items  []any
	}
	s.Call(t, http.MethodPost, "/"+index+"/_bulk?refresh=true", body.String(), &answer)
	if answer.Errors || len(answer.Items) != len(documents) {
		t.Fatalf("the documents were not all taken: %v", answer.Items[:1])
	}
}

// bucket is a group of an answer: its key, and the value of the metric.
type bucket struct {
	Key    any
	Metric struct{ Value *float64 }
}

type grouped struct {
	Aggregations struct {
		Groups struct{ Buckets []bucket }
	}
}

// monitor evaluates a monitor as OpenSearch's alerting does: the search with the
// end of the period filled in, and the trigger's condition as a selector of
// buckets, which OpenSearch's own is derived from.
func monitor(t *testing.T, s elastictest.Server, index, name string, now time.Time) (fired []string) {
	t.Helper()
	text := strings.ReplaceAll(string(read(t, filepath.Join("alerts/opensearch", name+".json"))), "{{period_end}}", strconv.FormatInt(now.UnixMilli(), 10))
	var m struct {
		Inputs []struct {
			Search struct{ Query map[string]any }
		}
		Triggers []struct {
			Trigger struct {
				Condition struct {
					Parent string          `json:"parent_bucket_path"`
					Paths  json.RawMessage `json:"buckets_path"`
					Script json.RawMessage
				}
			} `json:"bucket_level_trigger"`
		}
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	condition := m.Triggers[0].Trigger.Condition
	query := m.Inputs[0].Search.Query
	parent := query["aggregations"].(map[string]any)[condition.Parent].(map[string]any)
	parent["aggregations"].(map[string]any)["condition"] = map[string]any{"bucket_selector": map[string]any{"buckets_path": condition.Paths, "script": condition.Script}}
	var answer grouped
	s.Call(t, http.MethodPost, "/"+index+"/_search", marshal(t, query), &answer)
	for _, b := range answer.Aggregations.Groups.Buckets {
		fired = append(fired, keyOf(t, b.Key, parent["composite"]))
	}
	return fired
}

// keyOf joins a composite key's parts in the order of the sources.
func keyOf(t *testing.T, key any, composite any) string {
	t.Helper()
	parts := key.(map[string]any)
	var list []string
	for _, source := range composite.(map[string]any)["sources"].([]any) {
		for name := range source.(map[string]any) {
			list = append(list, fmt.Sprint(parts[name]))
		}
	}
	return strings.Join(list, " ")
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
