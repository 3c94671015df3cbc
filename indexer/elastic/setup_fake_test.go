package elastic

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
)

// fullServer stands in for what the servers of `make servers` do not have:
// lifecycle policies, the APIs about data streams, and security. It answers as
// the products' documentation shows, with what they add to what they are sent.
type fullServer struct {
	t          *testing.T
	product    product
	templates  fakeObjects
	policies   map[string]string // as sent
	versions   map[string]int    // of OpenSearch's policies
	streams    map[string][]string
	layouts    map[string]string  // by index
	lifecycles map[string]*string // by stream
	managed    map[string]string  // policy by index
	deny       map[string]bool    // by path
	privileges string

	log   strings.Builder // of what was asked for, without reads
	reads []string
}

func newFullServer(t *testing.T, name, version string) *fullServer {
	return &fullServer{t: t, product: product{name: name, version: version}, templates: fakeObjects{}, policies: map[string]string{}, versions: map[string]int{},
		streams: map[string][]string{}, layouts: map[string]string{}, lifecycles: map[string]*string{}, managed: map[string]string{}, deny: map[string]bool{}}
}

func (f *fullServer) RoundTrip(r *http.Request) (*http.Response, error) {
	var body string
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			f.t.Error(err)
		}
		_ = r.Body.Close()
		body = string(text)
	}
	target := r.URL.Path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	if r.Method == http.MethodGet {
		f.reads = append(f.reads, target)
	} else {
		shown := body
		if strings.Contains(target, "_template/") {
			shown = "(a template)"
		}
		fmt.Fprintf(&f.log, "%s %s\n%s\n", r.Method, target, shown)
	}
	status, text := 403, `{"error":{"type":"security_exception","reason":"not allowed"},"status":403}`
	if !f.deny[r.URL.Path] {
		status, text = f.answer(r, body)
	}
	if status/100 != 2 && !f.deny[r.URL.Path] && (status != 404 || r.Method != http.MethodGet) {
		f.t.Errorf("%s %s is answered %d: %s", r.Method, target, status, text)
	}
	return reply(status, http.Header{"X-Elastic-Product": {map[string]string{elasticsearch: "Elasticsearch"}[f.product.name]}}, text), nil
}

func (f *fullServer) answer(r *http.Request, body string) (int, string) {
	p := r.URL.Path
	name := path.Base(p)
	switch {
	case p == "/":
		distribution := map[string]string{opensearch: `,"distribution":"opensearch"`}[f.product.name]
		return 200, fmt.Sprintf(`{"version":{"number":%q%s},"tagline":"You Know, for Search"}`, f.product.version, distribution)
	case strings.HasPrefix(p, "/_ilm/policy/") && f.product.name == elasticsearch:
		return f.ilm(r.Method, name, body)
	case strings.HasPrefix(p, "/_plugins/_ism/") && f.product.name == opensearch:
		return f.ism(r, body)
	case strings.HasSuffix(p, "/_lifecycle") && f.product.name == elasticsearch:
		return f.lifecycle(r.Method, strings.Split(p, "/")[2], body)
	case strings.HasPrefix(p, "/_data_stream/"):
		if r.Method == http.MethodPut {
			f.grow(name)
			return 200, `{"acknowledged":true}`
		}
		if len(f.streams[name]) == 0 {
			return 404, `{"error":{"type":"index_not_found_exception"},"status":404}`
		}
		return 200, `{}`
	case strings.HasPrefix(p, "/_resolve/index/"):
		var list []string
		for _, name := range slices.Sorted(maps.Keys(f.streams)) {
			indices, _ := json.Marshal(f.streams[name])
			list = append(list, fmt.Sprintf(`{"name":%q,"backing_indices":%s,"timestamp_field":"@timestamp"}`, name, indices))
		}
		return 200, `{"indices":[],"aliases":[],"data_streams":[` + strings.Join(list, ",") + `]}`
	case strings.HasSuffix(p, "/_mapping"):
		index := strings.Split(p, "/")[1]
		if f.layouts[index] == "" {
			return 200, `{}`
		}
		return 200, fmt.Sprintf(`{%q:{"mappings":{"_meta":{"layout":%q}}}}`, index, f.layouts[index])
	case strings.HasSuffix(p, "/_rollover"):
		f.grow(strings.Split(p, "/")[1])
		return 200, `{"acknowledged":true,"rolled_over":true}`
	case strings.HasSuffix(p, "/_settings/index.lifecycle.name"):
		stream, list := strings.Split(p, "/")[1], []string{}
		for _, index := range f.streams[stream] {
			settings := ""
			if policy := f.managed[index]; policy != "" {
				settings = fmt.Sprintf(`"index.lifecycle.name":%q`, policy)
			}
			list = append(list, fmt.Sprintf(`%q:{"settings":{%s}}`, index, settings))
		}
		return 200, "{" + strings.Join(list, ",") + "}"
	case strings.HasSuffix(p, "/_settings"):
		for _, index := range f.streams[strings.Split(p, "/")[1]] {
			f.managed[index] = strings.Split(p, "/")[1]
		}
		return 200, `{"acknowledged":true}`
	case p == "/_security/user/_has_privileges":
		return 200, f.privileges
	case p == "/_nodes/plugins":
		return 200, `{"nodes":{"a":{"plugins":[{"name":"opensearch-custom-codecs"}]}}}`
	case p == "/_plugins/_security/authinfo":
		return 200, `{"user_name":"weir","roles":["weir_setup"]}`
	}
	status, text, ok := f.templates.answer(r, body)
	if !ok {
		return 400, "what is this?"
	}
	return status, text
}

// grow gives a stream an index, made from its template.
func (f *fullServer) grow(stream string) {
	index := fmt.Sprintf(".ds-%s-%06d", stream, len(f.streams[stream])+1)
	f.streams[stream] = append(f.streams[stream], index)
	var part, template object
	_ = json.Unmarshal([]byte(f.templates[kindComponent.path+stream+mappingsSuffix]), &part)
	f.layouts[index] = layoutOf(inner(part, "template", "mappings"))
	_ = json.Unmarshal([]byte(f.templates[kindTemplate.path+stream]), &template)
	if f.product.name == opensearch {
		if f.policies[stream] != "" {
			f.managed[index] = stream
		}
		return
	}
	if policy, ok := inner(template, "template", "settings", "index", "lifecycle")["name"].(string); ok {
		f.managed[index] = policy
	}
	if lifecycle, ok := inner(template, "template")["lifecycle"]; ok && len(f.streams[stream]) == 1 {
		text, _ := json.Marshal(lifecycle)
		f.lifecycles[stream] = ptr(string(text))
	}
}

func ptr(s string) *string { return &s }

func (f *fullServer) ilm(method, name, body string) (int, string) {
	if method == http.MethodPut {
		f.policies[name] = body
		return 200, `{"acknowledged":true}`
	}
	all := object{}
	for policy, text := range f.policies {
		var o object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			f.t.Error(err)
		}
		inner(o, "policy", "phases", "hot")["min_age"] = "0ms"
		if remove, ok := inner(o, "policy", "phases", "delete", "actions")["delete"].(object); ok {
			remove["delete_searchable_snapshot"] = true
		}
		all[policy] = object{"version": 1, "modified_date": "2026-01-02T03:04:05.678Z", "policy": o["policy"],
			"in_use_by": object{"indices": []string{}, "data_streams": []string{}, "composable_templates": []string{}}}
	}
	text, _ := json.Marshal(all)
	if len(all) == 0 {
		return 404, `{"error":{"type":"resource_not_found_exception","reason":"Lifecycle policy not found"},"status":404}`
	}
	return 200, string(text)
}

func (f *fullServer) lifecycle(method, name, body string) (int, string) {
	if method == http.MethodPut {
		f.lifecycles[name] = &body
		return 200, `{"acknowledged":true}`
	}
	var list []string
	for _, stream := range slices.Sorted(maps.Keys(f.streams)) {
		more := ""
		if l := f.lifecycles[stream]; l != nil {
			var o object
			_ = json.Unmarshal([]byte(*l), &o)
			o["enabled"] = true
			text, _ := json.Marshal(o)
			more = `,"lifecycle":` + string(text)
		}
		list = append(list, fmt.Sprintf(`{"name":%q%s}`, stream, more))
	}
	return 200, `{"data_streams":[` + strings.Join(list, ",") + `]}`
}

func (f *fullServer) ism(r *http.Request, body string) (int, string) {
	verb, name := strings.Split(r.URL.Path, "/")[3], path.Base(r.URL.Path)
	switch {
	case verb == "policies" && r.Method == http.MethodPut:
		if n, there := f.versions[name]; there && r.URL.Query().Get("if_seq_no") != fmt.Sprint(n) {
			return 409, `{"error":{"type":"version_conflict_engine_exception","reason":"document already exists"},"status":409}`
		}
		f.policies[name] = body
		f.versions[name]++
		return 201, fmt.Sprintf(`{"_id":%q,"_version":1,"_primary_term":1,"_seq_no":%d,"policy":{}}`, name, f.versions[name])
	case verb == "policies":
		text, there := f.policies[name]
		if !there {
			return 404, `{"error":{"type":"status_exception","reason":"Policy not found"},"status":404}`
		}
		var o object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			f.t.Error(err)
		}
		policy := inner(o, "policy")
		policy["policy_id"], policy["last_updated_time"], policy["schema_version"], policy["error_notification"] = name, int64(1767323045678), 21, nil
		for _, state := range policy["states"].([]any) {
			state := state.(object)
			if state["transitions"] == nil {
				state["transitions"] = []any{}
			}
			for _, action := range state["actions"].([]any) {
				action := action.(object)
				action["retry"] = object{"count": 3, "backoff": "exponential", "delay": "1m"}
				if rollover, ok := action["rollover"].(object); ok {
					rollover["copy_alias"] = false
				}
			}
		}
		for _, t := range policy["ism_template"].([]any) {
			t.(object)["last_updated_time"] = int64(1767323045678)
		}
		answer, _ := json.Marshal(object{"_id": name, "_version": 1, "_primary_term": 1, "_seq_no": f.versions[name], "policy": policy})
		return 200, string(answer)
	case verb == "explain":
		all := object{"total_managed_indices": 0}
		for _, index := range strings.Split(name, ",") {
			var policy any
			if p := f.managed[index]; p != "" {
				policy = p
			}
			all[index] = object{"index.plugins.index_state_management.policy_id": policy, "enabled": nil}
		}
		text, _ := json.Marshal(all)
		return 200, string(text)
	}
	var wanted struct {
		Policy string `json:"policy_id"`
	}
	_ = json.Unmarshal([]byte(body), &wanted)
	for _, index := range strings.Split(name, ",") {
		f.managed[index] = wanted.Policy
	}
	return 200, `{"updated_indices":1,"failures":false,"failed_indices":[]}`
}

// adding is a server that adds something unknown to index templates.
type adding struct{ *fullServer }

func (f *adding) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := f.fullServer.RoundTrip(r)
	for name, text := range f.templates {
		if strings.HasPrefix(name, kindTemplate.path) && !strings.Contains(text, "novelty") {
			f.templates[name] = strings.Replace(text, `"priority"`, `"novelty":true,"priority"`, 1)
		}
	}
	return answer, err
}
