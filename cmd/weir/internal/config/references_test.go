package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/cmd/weir/internal/keystore"
)

// makeStore makes a keystore in a new folder and gives the folder.
func makeStore(t *testing.T, password string, values map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	s := keystore.New(filepath.Join(dir, "weir.keystore"), password)
	for name, value := range values {
		if err := s.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReferences(t *testing.T) {
	dir := makeStore(t, "word", map[string]string{"ES_PWD": "canary\"1", "NS": "kept", "N": "7"})
	text := `
data_dir: "${DIR}"
index:
  elasticsearch:
    urls: ["https://${HOST:es}:9200"]
    username: u
    password: "a${ES_PWD}b$c$${d}"
    namespace: ${NS}
    concurrency: ${N}
    timeout: ${T}
    headers: { x-a: "${ES_PWD}" }
`
	l, problem := load(t, text,
		[]string{"DIR=" + dir, "NS=of the environment", "T=5s", "WEIR_LOG_LEVEL=${LEVEL}", "LEVEL=debug", "WEIR_KEYSTORE_PASSWORD=word"}, []string{"--http-listen", "${LISTEN:127.0.0.1:1}"})
	if problem != "" {
		t.Fatal(problem)
	}
	e := l.Index.Elasticsearch
	if l.DataDir != dir || e.URLs[0] != "https://es:9200" || e.Password != `acanary"1b$c${d}` || e.Namespace != "kept" || e.Concurrency != 7 ||
		e.Timeout.Seconds() != 5 || e.Headers["x-a"] != `canary"1` || l.Log.Level != "debug" || l.HTTP.Listen != "127.0.0.1:1" {
		t.Errorf("%+v", l.Config)
	}
	shown, err := l.Show()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"namespace: ${NS}", "concurrency: ${N}", "timeout: 5s", "x-a: '********'", "password: '********'", "data_dir: " + dir} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("config show lacks %q:\n%s", want, shown)
		}
	}
	if strings.Contains(string(shown), "canary") || strings.Contains(string(shown), "kept") {
		t.Errorf("config show has what is in the keystore:\n%s", shown)
	}
}

func TestReferenceFaults(t *testing.T) {
	dir := makeStore(t, "", map[string]string{"SECRET": "Canary-one", "URL": "ftp://u:canary@h", "MANY": "x canary-two"})
	open := makeStore(t, "", nil)
	if err := os.Chmod(filepath.Join(open, "weir.keystore"), 0o644); err != nil {
		t.Fatal(err)
	}
	locked := makeStore(t, "another", nil)
	none := t.TempDir()
	const servers = "index:\n  elasticsearch:\n    urls: [http://h]\n"
	for _, c := range []struct {
		name, dir, text string
		want            []string
	}{
		{"missing in both", dir, servers + "    api_key: ${NOT_THERE}", []string{"weir.yml:4: index.elasticsearch.api_key: ${NOT_THERE}: neither the keystore " + dir + "/weir.keystore nor the environment has it; run weir keystore add NOT_THERE"}},
		{"no keystore", none, servers + "    api_key: ${NOT_THERE}", []string{"index.elasticsearch.api_key: ${NOT_THERE}: the environment has no such variable, and there is no keystore " + none}},
		{"keystore open to all", open, servers + "    api_key: ${SECRET:canary}", []string{"weir.yml:4: index.elasticsearch.api_key: ${SECRET}: the keystore cannot be used", "run: chmod 600"}},
		{"wrong password", locked, servers + "    api_key: ${SECRET:canary}", []string{"index.elasticsearch.api_key: ${SECRET}: the keystore cannot be used", "WEIR_KEYSTORE_PASSWORD"}},
		{"no name", dir, servers + "    api_key: 'can${a ry}'", []string{"weir.yml:4: index.elasticsearch.api_key: a text between ${ and } is no name"}},
		{"value of the wrong type", dir, servers + "    concurrency: ${SECRET}", []string{`index.elasticsearch.concurrency: "${SECRET}" is not allowed`}},
		{"value out of bounds", dir, servers + "    namespace: ${SECRET}", []string{"weir.yml:4: index.elasticsearch.namespace: ${SECRET} is not allowed"}},
		{"a part of it", dir, servers + "    namespace: a${MANY}b", []string{"index.elasticsearch.namespace: a${MANY}b is not allowed"}},
		{"a URL", dir, "index:\n  elasticsearch:\n    urls: ['${URL}']", []string{"index.elasticsearch.urls:", "is no server's URL"}},
		{"a proxy", dir, servers + "    proxy_url: ${URL}", []string{"index.elasticsearch.proxy_url:", "is no proxy's URL"}},
		{"in a list and a table", dir, "index:\n  outputs: ['ndjson:${A}', 'ndjson:${B}']", []string{"index.outputs: ${A}:", "index.outputs: ${B}:"}},
		{"of the environment", dir, servers + "    namespace: ${OTHER}", []string{"index.elasticsearch.namespace: ${OTHER} is not allowed"}},
	} {
		_, problem := load(t, c.text+"\n", []string{"WEIR_DATA_DIR=" + c.dir, "OTHER=Canary-three"}, nil)
		for _, want := range c.want {
			if !strings.Contains(problem, want) {
				t.Errorf("%s: got\n%s\nwant in it\n%s", c.name, problem, want)
			}
		}
		if strings.Contains(strings.ToLower(problem), "canary") {
			t.Errorf("%s: a secret is shown:\n%s", c.name, problem)
		}
	}
}

// Commands that write to no server need none of its secrets; one that does asks.
func TestReferencesOfOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weir.yml")
	if err := os.WriteFile(file, []byte("index:\n  elasticsearch:\n    urls: [http://h]\n    api_key: ${NOT_THERE}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Load(Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Unresolved(); err == nil || !strings.Contains(err.Error(), "weir.yml:4: index.elasticsearch.api_key: ${NOT_THERE}") {
		t.Errorf("Unresolved gives %v", err)
	}
	if err := os.WriteFile(file, []byte("data_dir: ${NOT_THERE}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Options{File: file}); err == nil {
		t.Error("a folder that is not known was no fault")
	}
}

func TestKeystorePath(t *testing.T) {
	for text, want := range map[string]string{
		"": "data/weir.keystore", "data_dir: /var/lib/weir": "/var/lib/weir/weir.keystore", "keystore: /etc/weir/keys": "/etc/weir/keys",
		"keystore: ${HOME}/keys\nindex: {elasticsearch: {password: '${NOT_THERE}', unknown: 1}}": "/home/me/keys",
	} {
		file := filepath.Join(t.TempDir(), "weir.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := KeystorePath(Options{File: file, Environ: []string{"HOME=/home/me"}}); err != nil || got != want {
			t.Errorf("%q: the keystore is %q (%v), want %q", text, got, err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := KeystorePassword([]string{"WEIR_KEYSTORE_PASSWORD_FILE=" + file}); err != nil || got != "word" {
		t.Errorf("the password is %q (%v)", got, err)
	}
	for _, environ := range [][]string{{"WEIR_KEYSTORE_PASSWORD_FILE=" + file, "WEIR_KEYSTORE_PASSWORD=x"}, {"WEIR_KEYSTORE_PASSWORD_FILE=" + file + "x"}} {
		if got, err := KeystorePassword(environ); err == nil {
			t.Errorf("%v gives %q", environ, got)
		}
	}
}

func TestExposed(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, closed := file("open", "x", 0o664), file("closed", "x", 0o660)
	chmod := " can be read by everybody on this machine (mode 0664); run: chmod 660 " + open
	const servers = "index:\n  elasticsearch:\n    urls: [http://h]\n    username: u\n"
	for text, want := range map[string][]string{
		servers + "    password_file: " + open:                            {open + " (index.elasticsearch.password_file)" + chmod},
		servers + "    password_file: " + closed:                          nil,
		servers + "    password_file: " + open + "x":                      nil,
		servers + "    ca_file: " + open:                                  nil, // no secret
		"collectors: { tls: { cert: " + closed + ", key: " + open + "} }": {open + " (collectors.tls.key)" + chmod},
		servers + "    password: hush":                                    {"weir.yml (with secrets in it)"},
		servers + "    password: ${PW:}":                                  nil,
		servers + "    proxy_url: 'http://u:hush@h'":                      {"weir.yml (with secrets in it)"},
		servers + "    proxy_url: 'http://u:${PW}@h'":                     nil,
		servers + "    headers: { x-a: hush }":                            {"weir.yml (with secrets in it)"},
		"index: { outputs: ['elasticsearch:http://u:hush@h'] }":           {"weir.yml (with secrets in it)"},
		"data_dir: ./data":                                                nil,
	} {
		path := file("weir.yml", text, 0o644)
		l, err := Load(Options{File: path, Environ: []string{"PW=hush"}, Collecting: true})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := l.Exposed()
		if len(got) != len(want) || len(want) == 1 && !strings.Contains(got[0], want[0]) || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "hush") }) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
