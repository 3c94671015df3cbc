package deployments

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// names are the examples for Kibana and for OpenSearch, a file each.
var names = []string{"exporter-loss", "exporter-silent", "scan-of-hosts", "scan-of-ports", "traffic-over-threshold"}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAlertEnvelopes holds the bodies of the APIs, which no server here has,
// against schemas after the vendors' documentation; every example is there for
// both products.
func TestAlertEnvelopes(t *testing.T) {
	for product, schema := range map[string]string{"kibana": "kibana-rule", "opensearch": "opensearch-monitor"} {
		compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", schema+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob("alerts/" + product + "/*")
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, path := range files {
			found = append(found, strings.TrimSuffix(filepath.Base(path), ".json"))
			body, err := jsonschema.UnmarshalJSON(strings.NewReader(string(read(t, path))))
			if err == nil {
				err = compiled.Validate(body)
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		if !slices.Equal(found, names) {
			t.Errorf("%s has %v, want %v", product, found, names)
		}
	}
}

// TestAlertSchemas checks that the schemas refuse something.
func TestAlertSchemas(t *testing.T) {
	for schema, path := range map[string]string{"kibana-rule": "alerts/kibana/exporter-silent.json", "opensearch-monitor": "alerts/opensearch/exporter-silent.json"} {
		compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", schema+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range []func(map[string]any){
			func(m map[string]any) { delete(m, "name") },
			func(m map[string]any) { m["unknown"] = 1 },
			func(m map[string]any) { m["schedule"] = "1m" },
		} {
			var body map[string]any
			if err := json.Unmarshal(read(t, path), &body); err != nil {
				t.Fatal(err)
			}
			change(body)
			if compiled.Validate(body) == nil {
				t.Errorf("%s lets %v pass", schema, body)
			}
		}
	}
}

// TestPrometheusRules has Prometheus' own tool read the rules and run the cases,
// and checks that every rule has one in which it fires and one in which it does
// not, and that its metrics are Weir's.
func TestPrometheusRules(t *testing.T) {
	const dir = "alerts/prometheus"
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(read(t, dir+"/weir.rules.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	var cases struct {
		Tests []struct {
			Alerts []struct {
				Name     string           `yaml:"alertname"`
				Expected []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(read(t, dir+"/weir.test.yml"), &cases); err != nil {
		t.Fatal(err)
	}
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range cases.Tests {
		for _, a := range test.Alerts {
			fires[a.Name] = fires[a.Name] || len(a.Expected) > 0
			quiet[a.Name] = quiet[a.Name] || len(a.Expected) == 0
		}
	}
	metrics := string(read(t, "../docs/reference/metrics.md"))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if !fires[r.Alert] || !quiet[r.Alert] {
				t.Errorf("%s has a case that fires: %v, that does not: %v", r.Alert, fires[r.Alert], quiet[r.Alert])
			}
			for _, metric := range regexp.MustCompile(`weir_\w+`).FindAllString(r.Expr, -1) {
				if !strings.Contains(metrics, "| `"+metric+"` |") {
					t.Errorf("%s: there is no metric %s", r.Alert, metric)
				}
			}
		}
	}
	if len(fires) < 10 {
		t.Errorf("only %d alerts were found", len(fires))
	}
	if _, err := exec.LookPath("promtool"); err != nil {
		lacks(t, "promtool is not installed; Debian's package prometheus has it")
	}
	for _, arguments := range [][]string{{"check", "rules", "weir.rules.yml"}, {"check", "config", "prometheus.yml"}, {"test", "rules", "weir.test.yml"}} {
		c := exec.Command("promtool", arguments...)
		c.Dir = dir
		if text, err := c.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v: %s", strings.Join(arguments, " "), err, text)
		}
	}
}
