package elastic

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBadConnections(t *testing.T) {
	sum := strings.Repeat("a1", 32)
	for want, change := range map[string]func(*Config){
		"bearer_token_file: give this or bearer_token":                                     func(c *Config) { c.BearerToken, c.BearerTokenFile = "hush", "f" },
		"api_key: give a user, an API key or a bearer token":                               func(c *Config) { c.BearerToken, c.APIKey = "hush", "hush" },
		`urls: "http://***@h" names a user`:                                                func(c *Config) { c.URLs, c.BearerToken = []string{"http://u:hush@h"}, "hush" },
		"cloud_id: give this or urls":                                                      func(c *Config) { c.CloudID = "x:" + base64.StdEncoding.EncodeToString([]byte("h$e$k")) },
		`cloud_id: "x:eA==" is none: it does not hold a host`:                              func(c *Config) { c.URLs, c.CloudID = nil, "x:eA==" },
		`cloud_id: "x:?" is none: what follows the last colon is no base64`:                func(c *Config) { c.URLs, c.CloudID = nil, "x:?" },
		"sniff: Elastic Cloud's nodes":                                                     func(c *Config) { c.URLs, c.CloudID, c.Sniff = nil, "x:eA==", true },
		"cloud_auth: the value is not allowed; allowed: user:password":                     func(c *Config) { c.CloudAuth = "hush" },
		"cloud_auth: give this or username":                                                func(c *Config) { c.CloudAuth, c.Username = "u:hush", "u" },
		`path: "es" is not allowed`:                                                        func(c *Config) { c.Path = "es" },
		`path: "/es?x=1" is not allowed`:                                                   func(c *Config) { c.Path = "/es?x=1" },
		"key_file: it is missing":                                                          func(c *Config) { c.CertFile = "f" },
		"cert_file: it is missing":                                                         func(c *Config) { c.KeyFile = "f" },
		"ca_fingerprint: give this or insecure":                                            func(c *Config) { c.CAFingerprint, c.Insecure = sum, true },
		`ca_fingerprint: "a1" is none`:                                                     func(c *Config) { c.CAFingerprint = "a1" },
		`tls_min_version: "1.1" is not allowed; allowed: 1.2 or 1.3`:                       func(c *Config) { c.TLSMinVersion = "1.1" },
		"proxy_disable: give this or proxy_url":                                            func(c *Config) { c.ProxyURL, c.ProxyDisable = "http://h", true },
		`proxy_url: "ftp://***@h" is no proxy's URL; allowed: http://, https:// or socks5`: func(c *Config) { c.ProxyURL = "ftp://u:hush@h" },
		`proxy_url: "http://***@h:1x" is no proxy's URL`:                                   func(c *Config) { c.ProxyURL = "http://u:hu%sh@h:1x" },
		`headers: "a b" is no header's name`:                                               func(c *Config) { c.Headers = map[string]string{"a b": "hush"} },
		"headers: the value of x-a holds characters":                                       func(c *Config) { c.Headers = map[string]string{"x-a": "hush\nhush"} },
		"headers: authorization cannot be set here: the keys for credentials set it":       func(c *Config) { c.Headers = map[string]string{"authorization": "hush"} },
		"connect_timeout: 0s is not allowed; allowed: above 0":                             func(c *Config) { c.ConnectTimeout = 0 },
		"sniff_interval: 1ms is not allowed; allowed: 1s or more":                          func(c *Config) { c.SniffInterval = time.Millisecond },
	} {
		c := DefaultConfig("http://h:9200")
		change(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), "index.elasticsearch."+want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hu") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestCloudID(t *testing.T) {
	for text, want := range map[string][2]string{
		"us-east-1.aws.found.io$cec6f261a74bf24ce33bb8811b84294f$c6c2ca6d042249af0cc7d7a9e9625743": {
			"https://cec6f261a74bf24ce33bb8811b84294f.us-east-1.aws.found.io:443", "https://c6c2ca6d042249af0cc7d7a9e9625743.us-east-1.aws.found.io:443"},
		"cloud.example.net:9243$es$kb":           {"https://es.cloud.example.net:9243", "https://kb.cloud.example.net:9243"},
		"cloud.example.net:9243$es:9244$kb:9245": {"https://es.cloud.example.net:9244", "https://kb.cloud.example.net:9245"},
		"cloud.example.net$es":                   {"https://es.cloud.example.net:443", ""},
		"cloud.example.net$es$":                  {"https://es.cloud.example.net:443", ""},
		"cloud.example.net":                      {}, "$es": {}, "h$": {}, "h:port$es": {}, "h/x$es": {}, "h$a@b": {}, "": {},
	} {
		for _, id := range []string{"my label:" + base64.StdEncoding.EncodeToString([]byte(text)), base64.RawStdEncoding.EncodeToString([]byte(text))} {
			elasticsearch, kibana, err := parseCloudID(id)
			if elasticsearch != want[0] || kibana != want[1] || (err == nil) != (want[0] != "") {
				t.Errorf("%s gives %q and %q (%v), want %q", text, elasticsearch, kibana, err, want)
			}
		}
	}
	c := DefaultConfig()
	c.CloudID, c.CloudAuth = "x:"+base64.StdEncoding.EncodeToString([]byte("cloud.example.net$es$kb")), "elastic:pa:ss"
	endpoints, err := parseEndpoints(c)
	if err != nil || len(endpoints) != 1 || endpoints[0].url.String() != "https://es.cloud.example.net:443" {
		t.Fatalf("the servers are %v (%v)", endpoints, err)
	}
	if auth, err := c.access().authorization(); err != nil || auth != basicAuth("elastic", "pa:ss") {
		t.Errorf("Authorization %q (%v)", auth, err)
	}
}

// FuzzCloudID checks that what is accepted makes URLs of hosts below the id's.
func FuzzCloudID(f *testing.F) {
	f.Add("x:" + base64.StdEncoding.EncodeToString([]byte("h:1$e:2$k")))
	f.Add("aCRhQGI=")
	f.Fuzz(func(t *testing.T, id string) {
		elasticsearch, kibana, err := parseCloudID(id)
		if err != nil {
			return
		}
		for _, u := range []string{elasticsearch, kibana} {
			if u == "" {
				continue
			}
			if list, err := parseEndpoints(DefaultConfig(u)); err != nil || list[0].auth != "" || list[0].url.Path != "" {
				t.Fatalf("%q: %v, %v", u, list, err)
			}
		}
	})
}

// What is configured is in every request, that of the set-up included.
func TestRequestsHaveWhatIsConfigured(t *testing.T) {
	secret := put(t, filepath.Join(t.TempDir(), "token"), "AAEAAWVs\n")
	for name, c := range map[string]struct {
		change func(*Config)
		auth   string
	}{
		"bearer token":      {func(c *Config) { c.BearerToken = "AAEAAWVs" }, "Bearer AAEAAWVs"},
		"bearer token file": {func(c *Config) { c.BearerTokenFile = secret }, "Bearer AAEAAWVs"},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.URL.Path)
				if r.Header.Get("Authorization") != c.auth || r.Header.Get("X-Tenant") != "north" || r.Header.Get("User-Agent") != "weir" {
					t.Errorf("the headers are %v", r.Header)
				}
				_, _ = io.WriteString(w, `{"nodes":{}}`)
			}))
			defer s.Close()
			for _, path := range []string{"/own", ""} {
				paths = nil
				config := DefaultConfig(s.URL + path)
				config.Path, config.Headers = "/gate/es/", map[string]string{"x-tenant": "north"}
				c.change(&config)
				endpoints, err := parseEndpoints(config)
				if err != nil {
					t.Fatal(err)
				}
				k, err := newClient(config, endpoints, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := k.read(t.Context(), time.Minute, k.servers.URLs()[0], "/_nodes/http"); err != nil {
					t.Error(err)
				}
				k.close()
				want := "/gate/es/_nodes/http"
				if path != "" {
					want = "/own/_nodes/http"
				}
				if len(paths) != 1 || paths[0] != want {
					t.Errorf("asked for %q, want %s", paths, want)
				}
			}
		})
	}
}

// A secret that has changed is used from the next request on, before the server
// refuses the old one; while its file is gone, the old one is.
func TestSecretsThatChange(t *testing.T) {
	file := put(t, filepath.Join(t.TempDir(), "token"), "first")
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(func(c *Config) { c.BearerTokenFile = file })
		for _, token := range []string{"first", "second one"} {
			put(t, file, token)
			write(t, s, flows(0, 1))
			f.pass(2 * time.Second)
			if last := f.auths[len(f.auths)-1]; last != "Bearer "+token {
				t.Errorf("Authorization %q, want the token %s", last, token)
			}
		}
		stop(t, s)
		f.documents(map[string]float64{"indexed": 2})
	})
}

func TestWarnings(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"insecure is set":                 func(c *Config) { c.Insecure = true },
		"credentials go to es:9200 in cl": func(c *Config) { c.URLs = []string{"http://u:hush@es:9200"} },
		"credentials go to es:9201 in cl": func(c *Config) { c.URLs, c.APIKey = []string{"https://es:9200", "http://es:9201"}, "hush" },
		"": func(c *Config) {
			c.URLs = []string{"http://u:hush@127.0.0.1:9200", "http://u:hush@localhost", "https://u:hush@es"}
		},
	} {
		c := DefaultConfig("http://es:9200")
		change(&c)
		endpoints, err := parseEndpoints(c)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(c.warnings(endpoints), "\n")
		if !strings.Contains(got, want) || want == "" && got != "" || strings.Contains(got, "hush") {
			t.Errorf("the warnings are %q, want %q", got, want)
		}
	}
}
