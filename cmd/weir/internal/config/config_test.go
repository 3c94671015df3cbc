package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// load loads a file's text, variables and arguments; messages name the file
// weir.yml.
func load(t *testing.T, text string, environ, args []string) (*Loaded, string) {
	t.Helper()
	dir := t.TempDir()
	o := Options{Collecting: true, Environ: environ, Flags: pflag.NewFlagSet("test", pflag.ContinueOnError)}
	AddFlags(o.Flags)
	if err := o.Flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		o.Search = []string{filepath.Join(dir, "nowhere"), dir}
		if err := os.WriteFile(filepath.Join(dir, "weir.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Load(o)
	if err != nil {
		return l, strings.ReplaceAll(err.Error(), dir+"/", "")
	}
	return l, ""
}

func TestDefaults(t *testing.T) {
	l, problem := load(t, "", nil, nil)
	if problem != "" {
		t.Fatal(problem)
	}
	if s := l.Sinks(); len(s) != 1 || s[0] != (Output{Kind: "local"}) || l.Index.Local.Path != "data/flows" || l.Index.Local.Keep != 30*24*time.Hour {
		t.Errorf("sinks %v, %+v, want the embedded store", s, l.Index.Local)
	}
	if l.HTTP.Listen != "127.0.0.1:9470" || l.Collectors.NetFlow5[0] != "udp://:2055" || l.Place("http.listen") != "default" {
		t.Errorf("defaults: %+v", l.Config)
	}
}

func TestPrecedence(t *testing.T) {
	text := `
data_dir: /file
collectors:
  netflow5: ["udp://127.0.0.1:1"]
  receive_buffer: 2MiB
decode:
  sampling_rates: { 10.0.0.0/8: 100, "2001:db8::/32": 7 }
  max_clock_skew: 5m
index:
  elasticsearch: { urls: ["http://localhost:9200"], flush_bytes: 1MB, password: hidden, username: u }
log: { level: debug }
`
	l, problem := load(t, text, []string{"WEIR_DATA_DIR=/env", "WEIR_LOG_LEVEL=warn", "WEIR_COLLECTORS_NETFLOW9=udp://127.0.0.1:2, udp://127.0.0.1:3", "PATH=x"},
		[]string{"--log-level", "error", "--tls-cert", "c.pem", "--tls-priv-key", "k.pem"})
	if problem != "" {
		t.Fatal(problem)
	}
	for _, c := range []struct{ key, place string }{{"data_dir", "WEIR_DATA_DIR"}, {"log.level", "--log-level"}, {"decode.max_clock_skew", "weir.yml:8"}, {"http.listen", "default"}} {
		if got := l.Place(c.key); filepath.Base(got) != c.place {
			t.Errorf("%s comes from %s, want %s", c.key, got, c.place)
		}
	}
	if l.DataDir != "/env" || l.Log.Level != "error" || l.Collectors.TLS.Cert != "c.pem" || l.Collectors.ReceiveBuffer != 2<<20 || l.Index.Elasticsearch.FlushBytes != 1e6 ||
		len(l.Collectors.NetFlow9) != 2 || len(l.Decode.SamplingRates) != 2 || l.Decode.MaxClockSkew != 5*time.Minute || l.Collectors.MaxConnections != 1024 {
		t.Errorf("%+v", l.Config)
	}
	shown, err := l.Show()
	if err != nil {
		t.Fatal(err)
	}
	if s := string(shown); strings.Contains(s, "hidden") || !strings.Contains(s, "password: '********'") || !strings.Contains(s, "# from --log-level") {
		t.Errorf("shown:\n%s", s)
	}
	// What is shown can be read again.
	if _, problem := load(t, string(shown), nil, nil); problem != "" {
		t.Errorf("the shown configuration is refused: %s", problem)
	}
}

func TestFlags(t *testing.T) {
	text := "index: { ndjson: { path: x.ndjson }, elasticsearch: { urls: ['http://a:1'], username: u } }"
	l, problem := load(t, text, nil, []string{"-n", "none", "-i", "none", "--collector-port", "udp://2055", "--collector-port", "tcp://127.0.0.1:2055",
		"--output", "ndjson:-", "--output", "opensearch:http://u:p@b:9200"})
	if problem != "" {
		t.Fatal(problem)
	}
	if s := l.Sinks(); len(s) != 2 || s[0] != (Output{"ndjson", "-"}) || s[1] != (Output{"elasticsearch", "http://u:p@b:9200"}) {
		t.Errorf("sinks %v", s)
	}
	c := l.Collectors
	if len(c.NetFlow5)+len(c.NetFlow9)+len(c.SFlow) != 0 || len(c.IPFIX) != 2 || l.Index.Elasticsearch.Username != "u" {
		t.Errorf("endpoints %+v", c)
	}
}

// TestStore: when the embedded store is a sink, and where it is.
func TestStore(t *testing.T) {
	const elasticsearch = "elasticsearch: { urls: ['http://a:1'] }"
	for _, c := range []struct {
		name, text    string
		environ, args []string
		want          []string // folders, or other sinks' kinds
	}{
		{name: "nothing", want: []string{"data/flows"}},
		{name: "a data folder", args: []string{"--data-dir", "/d"}, want: []string{"/d/flows"}},
		{name: "other settings", text: "index: { local: { keep: 2w } }", want: []string{"data/flows"}},
		{name: "another sink", text: "index: { " + elasticsearch + " }", want: []string{"elasticsearch"}},
		{name: "both", text: "index: { local: { keep: 2w }, " + elasticsearch + " }", want: []string{"data/flows", "elasticsearch"}},
		{name: "both, without settings", text: "index: { local: {}, " + elasticsearch + " }", want: []string{"data/flows", "elasticsearch"}},
		{name: "both, by a variable", text: "index: { " + elasticsearch + " }", environ: []string{"WEIR_INDEX_LOCAL_PATH=/v"}, want: []string{"/v", "elasticsearch"}},
		{name: "both, by outputs", text: "index: { outputs: [local, 'ndjson:-'] }", want: []string{"data/flows", "ndjson"}},
		{name: "a folder", text: "index: { local: { path: /a, keep: 2w } }", args: []string{"--output", "local:/b"}, want: []string{"/b"}},
		{name: "the configured folder", text: "index: { local: { path: /a } }", args: []string{"--output", "local", "--output", "ndjson:-"}, want: []string{"/a", "ndjson"}},
		{name: "not at all", text: "index: { local: { path: /a } }", args: []string{"--output", "ndjson:-"}, want: []string{"ndjson"}},
		{name: "two", text: "index: { local: { path: /a }, outputs: ['local:/b'] }", want: []string{"/a", "/b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, problem := load(t, c.text, c.environ, c.args)
			if problem != "" {
				t.Fatal(problem)
			}
			sinks := func(l *Loaded) (got []string) {
				for _, o := range l.Sinks() {
					if o.Kind != "local" {
						got = append(got, o.Kind)
						continue
					}
					got = append(got, l.Local(o).Path)
					if strings.Contains(c.text, "2w") && l.Local(o).Keep != 14*24*time.Hour {
						t.Errorf("keeps %s", l.Local(o).Keep)
					}
				}
				return got
			}
			if got := sinks(l); !slices.Equal(got, c.want) {
				t.Errorf("sinks %v, want %v", got, c.want)
			}
			if path := l.StorePath(); strings.Contains(c.want[0], "/") && path != c.want[0] {
				t.Errorf("the store is in %s, want %s", path, c.want[0])
			}
			shown, err := l.Show()
			if err != nil {
				t.Fatal(err)
			}
			again, problem := load(t, string(shown), nil, nil)
			if problem != "" {
				t.Fatal(problem)
			}
			if got := sinks(again); !slices.Equal(got, c.want) {
				t.Errorf("as shown the sinks are %v, want %v:\n%s", got, c.want, shown)
			}
		})
	}
}

// TestFaults has the exact words of every kind of fault.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, text    string
		environ, args []string
		want          []string
	}{
		{name: "unknown key", text: "log:\n  colour: red\n", want: []string{`weir.yml:2: log.colour: unknown key; allowed below log: format, level`}},
		{name: "unknown section", text: "colectors: {}\n", want: []string{`weir.yml:1: colectors: unknown key; allowed at the top: collectors, data_dir, decode, enrich, http, index, keystore, log, shutdown_timeout`}},
		{name: "wrong type", text: "collectors:\n  workers: many\n", want: []string{`weir.yml:2: collectors.workers: "many" is not allowed; allowed: a whole number, or a size such as 512KiB, 5MB or 2GiB`}},
		{name: "a fraction", text: "collectors:\n  workers: 1.5\n", want: []string{`weir.yml:2: collectors.workers: 1.5 is not allowed; allowed: a whole number, or a size such as 512KiB, 5MB or 2GiB`}},
		{name: "no unit", text: "shutdown_timeout: 30\n", want: []string{`weir.yml:1: shutdown_timeout: 30 is not allowed; allowed: a duration such as 500ms, 30s, 10m, 2h or 30d`}},
		{name: "no boolean", text: "enrich:\n  mac_vendor: maybe\n", want: []string{`weir.yml:2: enrich.mac_vendor: "maybe" is not allowed; allowed: true or false`}},
		{name: "no section", text: "log: debug\n", want: []string{`weir.yml:1: log: "debug" is no section; allowed below log: format, level`}},
		{name: "bad choice", text: "log:\n  level: loud\n", want: []string{`weir.yml:2: log.level: "loud" is not known; allowed: debug, info, warn, error`}},
		{name: "out of range", text: "collectors: { workers: 1000 }\n", want: []string{`weir.yml:1: collectors.workers: 1000 is out of range; allowed: 1 to 256`}},
		{name: "bad rate", text: "decode:\n  sampling_rates: { 10.0.0.0/33: 5 }\n", want: []string{`weir.yml:2: decode.sampling_rates: {"10.0.0.0/33":5} is not allowed; allowed: a table of key: value`, `10.0.0.0/33`}},
		{name: "bad URL", text: "collectors:\n  netflow5: ['udp://:99999']\n", want: []string{`weir.yml:2: collectors.netflow5[0]: endpoint "udp://:99999": port "99999": want a number from 0 to 65535`}},
		{name: "bad variable", environ: []string{"WEIR_LOG_LEVLE=x"}, want: []string{"WEIR_LOG_LEVLE: unknown variable; `weir config show --env` lists those that are known"}},
		{name: "bad value of a variable", environ: []string{"WEIR_COLLECTORS_WORKERS=x"}, want: []string{`WEIR_COLLECTORS_WORKERS: collectors.workers: "x" is not allowed`}},
		{name: "bad output", args: []string{"--output", "kafka:x"}, want: []string{`--output: index.outputs: "kafka:x" is no output; allowed: local, local:DIR, ndjson:FILE (- is standard output), elasticsearch:URL, opensearch:URL`}},
		{name: "a store twice", text: "index: { local: { path: ./x }, outputs: ['local:x/.'] }", want: []string{`weir.yml:1: index.outputs: "local:x" is there twice`}},
		{name: "a store without a folder", args: []string{"--output", "local:"}, want: []string{`--output: index.outputs: "local:" is no output`}},
		{name: "a store out of range", text: "index:\n  local:\n    keep: -1d\n    max_size: 1MiB\n", want: []string{"weir.yml:3: index.local.keep: -24h0m0s is not allowed; 0 (for ever) or more", "weir.yml:4: index.local.max_size: 1048576 is not allowed"}},
		{name: "bad output URL", args: []string{"--output", "elasticsearch:localhost"}, want: []string{`--output: index.outputs: "elasticsearch:localhost": the URL must begin with http:// or https://`}},
		{name: "an nProbe option", args: []string{"-n", "192.0.2.1:2055"}, want: []string{`-n: "192.0.2.1:2055": a collector neither exports nor captures; allowed: none`}},
		{name: "half a certificate", args: []string{"--tls-cert", "c.pem"}, want: []string{`collectors.tls: cert and key belong together, only one of them is set`}},
		{name: "all at once", text: "log: { level: loud, colour: red }\nx: 1\ncollectors: { workers: many }\n", want: []string{"log.colour: unknown key", "x: unknown key", "collectors.workers:"}},
		{name: "not YAML", text: "log: [\n", want: []string{"weir.yml:1: not YAML"}},
		{name: "a tab", text: "log:\n\tlevel: debug\n", want: []string{`weir.yml:2: not YAML: found character that cannot start any token (a tab? YAML indents with spaces)`}},
		{name: "a key twice", text: "log:\n  level: debug\n  level: info\n", want: []string{`weir.yml:3: log.level: is there twice, first in line 2; allowed: once`}},
		{name: "a section twice", text: "log: {}\nhttp: {}\nlog: {}\n", want: []string{`weir.yml:3: log: is there twice, first in line 1; allowed: once`}},
		{name: "no value", text: "log:\n  level:\n", want: []string{`weir.yml:2: log.level: has no value; allowed: a text`}},
		{name: "two documents", text: "log: {}\n---\nlog: {}\n", want: []string{`weir.yml:2: a second document (after ---) is not allowed; allowed: one`}},
		{name: "a list at the top", text: "- log\n", want: []string{`weir.yml:1: a list is no section; allowed at the top: collectors, `}},
		{name: "a text at the top", text: "log\n", want: []string{`weir.yml:1: "log" is no section; allowed at the top: collectors, `}},
		{name: "a list as section", text: "log: [level]\n", want: []string{`weir.yml:1: log: a list is no section; allowed below log: format, level`}},
		{name: "a list as text", text: "data_dir: [a, b]\n", want: []string{`weir.yml:1: data_dir: ["a","b"] is not allowed; allowed: a text`}},
		{name: "a table as list", text: "index:\n  outputs: [{ndjson: x}]\n", want: []string{`weir.yml:2: index.outputs: [{"ndjson":"x"}] is not allowed; allowed: a list of texts, such as [one, two]`}},
		{name: "a huge number", text: "collectors: { max_connections: 99999999999999999999 }\n", want: []string{`weir.yml:1: collectors.max_connections: 100000000000000000000 is not allowed; allowed: a whole number, or`}},
		{name: "a table in a variable", environ: []string{"WEIR_DECODE_SAMPLING_RATES=10.0.0.0/8=1"}, want: []string{`WEIR_DECODE_SAMPLING_RATES: decode.sampling_rates: "10.0.0.0/8=1" is not allowed; allowed: a table of key: value`}},
		{name: "server's URL", text: "index:\n  elasticsearch:\n    urls: ['http://a:9200', 'http://u:hush@b:99999']\n", want: []string{`weir.yml:3: index.elasticsearch.urls: "http://***@b:99999" is no server's URL; allowed: http:// or https://, a host and optionally a port and a path`}},
		{name: "output's URL", text: "index:\n  outputs: ['elasticsearch:http://u:hush@b:99999']\n", want: []string{`weir.yml:2: index.outputs: "http://***@b:99999" is no server's URL`}},
		{name: "a secret in what is no output", args: []string{"--output", "http://u:hu%sh@b"}, want: []string{`--output: index.outputs: "http://********@b" is no output`}},
		{name: "a secret in a wrong type", text: "index: { elasticsearch: { urls: { a: 'http://u:hush@b' } } }\n", want: []string{`index.elasticsearch.urls: {"a":"http://********@b"} is not allowed`}},
		{name: "a password alone", text: "index:\n  elasticsearch:\n    urls: ['http://b']\n    password: hush\n", want: []string{`weir.yml:4: index.elasticsearch.password: it is given without username`}},
		{name: "a section without servers", text: "index:\n  elasticsearch:\n    username: u\n", want: []string{`weir.yml:3: index.elasticsearch.username: it is set, but no server is; allowed: name the servers in index.elasticsearch.urls, or leave the section out`}},
		{name: "a sink twice", text: "index:\n  ndjson: { path: x }\n  outputs: ['ndjson:x']\n", want: []string{`weir.yml:3: index.outputs: "ndjson:x" is there twice; allowed: once`}},
		{name: "a server twice", text: "index:\n  elasticsearch: { urls: ['http://b:9200'] }\n  outputs: ['opensearch:http://b:9200/']\n", want: []string{`weir.yml:3: index.outputs: "elasticsearch:b:9200" is there twice; allowed: once`}},
		{name: "sinks' numbers", text: "index:\n  ndjson: { path: x, buffer_bytes: 0 }\n  queue: { queue_batches: 0 }\n", want: []string{`weir.yml:2: index.ndjson.buffer_bytes: 0 is not allowed; allowed: 1 to 1GiB`, `weir.yml:3: index.queue.queue_batches: 0 is not allowed; allowed: 1 to 16384`}},
		{name: "profiles", text: "index:\n  fields: slim\n  ndjson: { fields: all }\n", want: []string{`weir.yml:2: index.fields: "slim" is no profile; allowed: full, lean, min`, `weir.yml:3: index.ndjson.fields: "all" is no profile; allowed: full, lean, min`}},
		{name: "a server's number", text: "index:\n  elasticsearch:\n    urls: ['http://b']\n    concurrency: 0\n", want: []string{`weir.yml:4: index.elasticsearch.concurrency: 0 is not allowed; allowed: 1 to 64`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problem := load(t, c.text, c.environ, c.args)
			for _, want := range c.want {
				if !strings.Contains(problem, want) {
					t.Errorf("got:\n%s\nwant in it:\n%s", problem, want)
				}
				if strings.Contains(problem, "hush") || strings.Contains(problem, "hu%sh") {
					t.Errorf("a secret is shown:\n%s", problem)
				}
			}
		})
	}
	if _, err := Load(Options{File: "/nowhere/weir.yml"}); err == nil || err.Error() != "/nowhere/weir.yml: there is no such file" {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1048576": 1 << 20, "512KiB": 512 << 10, "5MB": 5e6, "1.5GiB": 3 << 29, "20 GiB": 20 << 30, "7B": 7} {
		if n, err := ParseSize(text); err != nil || n != want {
			t.Errorf("%s is %d (%v), want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "x", "5XB", "1.5", "NaN", "1e30", "MB"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}

// TestSecretsAreMasked shows a configuration with a secret in every place.
func TestSecretsAreMasked(t *testing.T) {
	text := `index:
  elasticsearch: { urls: ["http://a:9200", "http://b:9200"], api_key: hush }
  outputs: ["elasticsearch:https://u:hush@c:9200/x", "opensearch:http://u@d", "ndjson:/x@y"]
`
	l, problem := load(t, text, nil, nil)
	if problem != "" {
		t.Fatal(problem)
	}
	shown, err := l.Show()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`api_key: '********'`, `elasticsearch:https://u:********@c:9200/x`, `opensearch:http://u@d`, `ndjson:/x@y`, `urls: ['http://a:9200', 'http://b:9200']`} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("shown is\n%s\nwant in it %s", shown, want)
		}
	}
	if strings.Contains(string(shown), "hush") {
		t.Errorf("a secret is shown:\n%s", shown)
	}
}

// TestVariablesOfOthers are no faults: the tests set them.
func TestVariablesOfOthers(t *testing.T) {
	if _, problem := load(t, "", []string{"WEIR_ELASTICSEARCH=http://x", "WEIR_OPENSEARCH_PORT=1", "WEIR_SERVERS_DIR=x", "WEIR_REQUIRE=1"}, nil); problem != "" {
		t.Error(problem)
	}
}

// TestEveryKeyHasAVariableOfItsOwn guards against two keys with one variable.
func TestEveryKeyHasAVariableOfItsOwn(t *testing.T) {
	s, seen := newSchema(), map[string]string{}
	for _, key := range s.keys() {
		if other, ok := seen[env(key)]; ok {
			t.Errorf("%s and %s share %s", key, other, env(key))
		}
		seen[env(key)] = key
	}
	if len(seen) < 40 {
		t.Errorf("only %d keys", len(seen))
	}
}
