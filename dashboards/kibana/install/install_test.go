package install

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file is a data view and two searches on it, whose ids begin with prefix.
func file(prefix, column string) []byte {
	view := fmt.Sprintf(`{"type":"index-pattern","id":"%s-flows","attributes":{"title":"%s-*","timeFieldName":"@timestamp","fieldFormatMap":"{\"network.bytes\":{\"id\":\"bytes\"}}"},"references":[],"migrationVersion":{"index-pattern":"7.6.0"}}`, prefix, prefix)
	list := []string{view}
	for _, name := range []string{"one", "two"} {
		list = append(list, fmt.Sprintf(`{"type":"search","id":"%s-%s","attributes":{"title":"%s %s","description":"","hits":0,"columns":[%q],"sort":[["@timestamp","desc"]],"version":1,`+
			`"kibanaSavedObjectMeta":{"searchSourceJSON":"{\"indexRefName\":\"kibanaSavedObjectMeta.searchSourceJSON.index\",\"query\":{\"query\":\"\",\"language\":\"kuery\"},\"filter\":[]}"}},`+
			`"references":[{"name":"kibanaSavedObjectMeta.searchSourceJSON.index","type":"index-pattern","id":"%s-flows"}],"migrationVersion":{"search":"7.9.3"}}`,
			prefix, name, prefix, name, column, prefix))
	}
	return []byte(strings.Join(list, "\n") + "\n")
}

func install(t *testing.T, in *Installer, text []byte, notes Notes, o Options) (map[string]Result, Notes) {
	t.Helper()
	results, after, err := in.Install(t.Context(), text, notes, o)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]Result)
	for _, r := range results {
		all[r.ID[strings.LastIndexByte(r.ID, '-')+1:]] = r
	}
	return all, after
}

func want(t *testing.T, when string, got map[string]Result, view, one, two Outcome) {
	t.Helper()
	if got["flows"].Outcome != view || got["one"].Outcome != one || got["two"].Outcome != two {
		t.Errorf("%s: %+v, want %s, %s, %s", when, got, view, one, two)
	}
}

// life imports, changes and imports again. edit is what a person does in the
// product.
func life(t *testing.T, in *Installer, prefix string, edit func(kind, id, attributes string)) {
	old, young := file(prefix, "source.ip"), file(prefix, "destination.ip")
	got, notes := install(t, in, old, nil, Options{DryRun: true})
	want(t, "a dry run", got, Created, Created, Created)
	got, notes = install(t, in, old, notes, Options{})
	want(t, "the first import", got, Created, Created, Created)
	got, notes = install(t, in, old, notes, Options{})
	want(t, "the second import", got, Unchanged, Unchanged, Unchanged)
	got, _ = install(t, in, old, nil, Options{})
	want(t, "an import that remembers nothing", got, Unchanged, Unchanged, Unchanged)

	// What a person changed is kept, also when a newer Weir brings another one; what
	// Kibana writes by itself is no change.
	edit("search", prefix+"-one", `{"title":"mine"}`)
	edit("index-pattern", prefix+"-flows", `{"fields":"[]"}`)
	got, notes = install(t, in, young, notes, Options{})
	want(t, "after a person's change", got, Unchanged, Kept, Updated)
	got, notes = install(t, in, young, notes, Options{})
	want(t, "and again", got, Unchanged, Kept, Unchanged)
	got, notes = install(t, in, young, notes, Options{Overwrite: true})
	want(t, "overwriting", got, Unchanged, Updated, Unchanged)
	got, _ = install(t, in, young, notes, Options{})
	want(t, "at the end", got, Unchanged, Unchanged, Unchanged)
}

// The import API of neither product can be had where the tests run; the requests
// are held against a file.
func TestLife(t *testing.T) {
	for product, version := range map[string]string{Kibana: "9.2.0", Dashboards: "3.3.0"} {
		t.Run(product, func(t *testing.T) {
			f := newFake(t, product, version)
			in := f.installer(t, "lab")
			life(t, in, "weir-x", f.edit)
			name := filepath.Join("testdata", product+".txt")
			got := f.log.String()
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(text) {
				t.Errorf("%s differs; got\n%s", name, got)
			}
		})
	}
}

// TestRealLife is for hand use beside a Kibana and an OpenSearch Dashboards, whose
// URLs it is told; no package registry has them for CI.
func TestRealLife(t *testing.T) {
	for _, variable := range []string{"WEIR_KIBANA", "WEIR_DASHBOARDS"} {
		t.Run(variable, func(t *testing.T) {
			address := os.Getenv(variable)
			if address == "" {
				t.Skip("SKIPPED: " + variable + " names no server; the requests are tested against a fake one only")
			}
			transport := &http.Transport{DisableKeepAlives: true}
			in, err := New(Config{URL: address}, Dependencies{Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			p, err := in.Detect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", p)
			if (p.Name == Dashboards) != (variable == "WEIR_DASHBOARDS") {
				t.Errorf("%s is said to be %s", address, p.Name)
			}
			prefix := "weirtest" + strings.ToLower(filepath.Base(t.TempDir())+fmt.Sprint(os.Getpid()))
			send := func(method, path, body string) {
				if _, text, err := in.call(t.Context(), method, address+path, []byte(body), "application/json"); err != nil {
					t.Fatalf("%s %s: %v: %s", method, path, err, text)
				}
			}
			defer func() {
				for _, object := range []string{"search/" + prefix + "-one", "search/" + prefix + "-two", "index-pattern/" + prefix + "-flows"} {
					send(http.MethodDelete, "/api/saved_objects/"+object, "")
				}
			}()
			life(t, in, prefix, func(kind, id, attributes string) {
				send(http.MethodPut, "/api/saved_objects/"+kind+"/"+id, `{"attributes":`+attributes+`}`)
			})
			broken := []byte(strings.ReplaceAll(string(file(prefix+"b", "x")), prefix+`b-flows","name"`, prefix+`-none","name"`))
			broken = bytes.SplitN(broken, []byte("\n"), 2)[1] // without the data view
			results, _, err := in.Install(t.Context(), broken, nil, Options{})
			if err != nil || results[0].Outcome != Failed || !strings.Contains(results[0].Detail, "it needs what is not there: index-pattern "+prefix+"b-flows") {
				t.Errorf("a missing reference gives %+v, %v", results, err)
			}
		})
	}
}

// A failure comes as 200, per object.
func TestFailures(t *testing.T) {
	f := newFake(t, Kibana, "8.19.0")
	in := f.installer(t, "")
	f.refuse = `{"type":"search","id":"weir-x-one","error":{"type":"missing_references","references":[{"type":"index-pattern","id":"gone"}]}},` +
		`{"type":"search","id":"weir-x-two","error":{"type":"unsupported_type"}}`
	got, notes := install(t, in, file("weir-x", "a"), nil, Options{})
	want(t, "refused", got, Created, Failed, Failed)
	if !strings.Contains(got["one"].Detail, "index-pattern gone") || !strings.Contains(got["two"].Detail, "does not know the type search") {
		t.Errorf("the reasons are %+v", got)
	}
	if len(notes) != 1 {
		t.Errorf("remembered are %v, want the data view alone", notes)
	}
	f.status = map[string]int{"/api/saved_objects/_import": 503}
	_, _, err := in.Install(t.Context(), file("weir-y", "a"), nil, Options{})
	var status *StatusError
	if !errors.As(err, &status) || status.Status != 503 || !strings.Contains(err.Error(), "not ready yet") {
		t.Errorf("503 gives %v", err)
	}
	f.status = map[string]int{"/api/status": 302}
	in = f.installer(t, "")
	if _, err := in.Detect(t.Context()); err == nil || !strings.Contains(err.Error(), "check the credentials") {
		t.Errorf("a redirection to the login gives %v", err)
	}
}

// In Kibana's other spaces objects get other ids, which must be found again.
func TestMovedObjects(t *testing.T) {
	f := newFake(t, Kibana, "8.19.0")
	f.move = true
	in := f.installer(t, "lab")
	got, notes := install(t, in, file("weir-x", "a"), nil, Options{})
	want(t, "first", got, Created, Created, Created)
	got, _ = install(t, in, file("weir-x", "a"), notes, Options{})
	want(t, "again", got, Unchanged, Unchanged, Unchanged)
}

func FuzzParseFile(f *testing.F) {
	f.Add(file("weir", "a"))
	f.Add([]byte("{}\n\n{\"type\":\"x\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := parseFile(text)
		if err != nil && list != nil {
			t.Error("both a list and an error")
		}
		for i := range list {
			if list[i].ID == "" || list[i].hash() == "" {
				t.Errorf("object %d has no id or no hash", i)
			}
		}
	})
}

// fake is a Kibana or OpenSearch Dashboards that keeps objects in memory, each
// space for itself.
type fake struct {
	t       *testing.T
	url     string
	product string
	version string
	objects map[string]object
	clock   int
	refuse  string
	move    bool
	status  map[string]int
	log     strings.Builder
}

func newFake(t *testing.T, product, version string) *fake {
	f := &fake{t: t, product: product, version: version, objects: make(map[string]object)}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *fake) installer(t *testing.T, space string) *Installer {
	in, err := New(Config{URL: f.url + "/base/", Authorization: "Basic d2Vpcg==", Space: space}, Dependencies{Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (f *fake) now() string {
	f.clock++
	return fmt.Sprintf("2026-01-02T03:04:%02d.000Z", f.clock)
}

// edit changes attributes as a person's click does.
func (f *fake) edit(kind, id, attributes string) {
	x := f.objects[kind+":"+id]
	changed := make(map[string]json.RawMessage)
	for name, value := range x.Attributes {
		changed[name] = value
	}
	if err := json.Unmarshal([]byte(attributes), &changed); err != nil {
		f.t.Error(err)
	}
	x.Attributes, x.Updated = changed, f.now()
	f.objects[kind+":"+id] = x
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	shown := string(body)
	path, inBase := strings.CutPrefix(r.URL.Path, "/base")
	path, inSpace := strings.CutPrefix(path, "/s/lab")
	if !inBase || r.Header.Get("Authorization") != "Basic d2Vpcg==" || inSpace && f.product != Kibana {
		f.t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
	}
	if boundary := strings.TrimPrefix(r.Header.Get("Content-Type"), "multipart/form-data; boundary="); strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		shown = strings.ReplaceAll(shown, boundary, "BOUNDARY")
	}
	fmt.Fprintf(&f.log, "%s %s\nkbn-xsrf: %s, osd-xsrf: %s, securitytenant: %s\n%s\n\n", r.Method, r.URL, r.Header.Get("kbn-xsrf"), r.Header.Get("osd-xsrf"),
		r.Header.Get("securitytenant"), strings.ReplaceAll(shown, "\r", ""))
	if code := f.status[path]; code != 0 {
		w.WriteHeader(code)
		return
	}
	switch path {
	case "/api/status":
		w.Header().Set(map[string]string{Kibana: "kbn-name", Dashboards: "osd-name"}[f.product], "host")
		_, _ = fmt.Fprintf(w, `{"version":{"number":%q},"status":{"overall":{"level":"available"}}}`, f.version)
	case "/api/saved_objects/_bulk_get":
		f.bulkGet(w, body)
	case "/api/saved_objects/_import":
		f.load(w, r, body)
	default:
		f.t.Errorf("unexpected path %s", path)
	}
}

func (f *fake) bulkGet(w io.Writer, body []byte) {
	var list []object
	if err := json.Unmarshal(body, &list); err != nil {
		f.t.Error(err)
	}
	var out []json.RawMessage
	for _, x := range list {
		found, ok := f.objects[x.Type+":"+x.ID]
		text, err := json.Marshal(found)
		if err != nil {
			f.t.Error(err)
		}
		if !ok {
			text = fmt.Appendf(nil, `{"type":%q,"id":%q,"error":{"statusCode":404,"message":"Not found"}}`, x.Type, x.ID)
		}
		out = append(out, text)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"saved_objects": out})
}

func (f *fake) load(w http.ResponseWriter, r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	upload, header, err := r.FormFile("file")
	if err != nil || !strings.HasSuffix(header.Filename, ".ndjson") || r.URL.RawQuery != "overwrite=true" {
		f.t.Errorf("upload %v with %s", err, r.URL.RawQuery)
		return
	}
	text, err := io.ReadAll(upload)
	if err != nil {
		f.t.Error(err)
	}
	list, err := parseFile(text)
	if err != nil {
		f.t.Error(err)
	}
	var done []string
	for _, x := range list {
		if strings.Contains(f.refuse, `"id":"`+x.ID+`"`) {
			continue
		}
		id := x.ID
		if f.move {
			id = "moved-" + x.ID
		}
		done = append(done, fmt.Sprintf(`{"type":%q,"id":%q,"destinationId":%q}`, x.Type, x.ID, id))
		x.ID, x.Updated, x.line = id, f.now(), nil
		f.objects[x.key()] = x
	}
	_, _ = fmt.Fprintf(w, `{"success":%t,"successCount":%d,"errors":[%s],"successResults":[%s]}`, f.refuse == "", len(done), f.refuse, strings.Join(done, ","))
}
