package elastic

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestBadConfigs(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.URLs = nil }, "index.elasticsearch.urls: it is empty"},
		{func(c *Config) { c.URLs = []string{"localhost:9200"} }, `"localhost:9200" is no server's URL; allowed: http:// or https://`},
		{func(c *Config) { c.URLs = []string{"ftp://u:hush@h"} }, `"ftp://***@h" is no`},
		{func(c *Config) { c.URLs = []string{"http://u:hu%sh@h:99999x"} }, `"http://***@h:99999x" is no`},
		{func(c *Config) { c.URLs = []string{"http://a", "http://b:65536"} }, `"http://b:65536" is no`},
		{func(c *Config) { c.URLs = []string{"http://b:0"} }, `"http://b:0" is no`},
		{func(c *Config) { c.URLs = []string{"http://:9200"} }, `"http://:9200" is no`},
		{func(c *Config) { c.URLs = []string{"http://h/?pretty"} }, "is no server's URL"},
		{func(c *Config) { c.URLs = []string{"http://u:hush@h"}; c.Username = "v" }, `"http://***@h" names a user`},
		{func(c *Config) { c.Username = "u"; c.Password = "hush"; c.PasswordFile = "f" }, "password_file: give this or password"},
		{func(c *Config) { c.Password = "hush" }, "elasticsearch.password: it is given without username"},
		{func(c *Config) { c.PasswordFile = "f" }, "elasticsearch.password_file: it is given without username"},
		{func(c *Config) { c.Username = "u"; c.APIKey = "hush" }, "username: give a user, an API key or a bearer token"},
		{func(c *Config) { c.APIKey = "hush"; c.APIKeyFile = "f" }, "api_key_file: give this or api_key"},
		{func(c *Config) { c.Namespace = "My-Net" }, "index.elasticsearch.namespace: My-Net is not allowed"},
		{func(c *Config) { c.Namespace = "a/../b" }, "namespace"},
		{func(c *Config) { c.Compression = 10 }, "compression: 10 is not allowed; allowed: 0 to 9"},
		{func(c *Config) { c.QueueBytes = 1 << 20 }, "queue_bytes"},
		{func(c *Config) { c.Concurrency = 0 }, "concurrency"},
		{func(c *Config) { c.FlushInterval = 0 }, "flush_interval"},
		{func(c *Config) { c.Retry.Max = time.Millisecond }, "retry.max"},
	} {
		config := DefaultConfig("http://h:9200")
		c.change(&config)
		_, err := New(config, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s in it", err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hu") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
	if err := DefaultConfig("http://h").Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

func TestMissingFilesStopTheStart(t *testing.T) {
	for name, change := range map[string]func(*Config, string){
		"password_file": func(c *Config, path string) { c.Username, c.PasswordFile = "u", path },
		"api_key_file":  func(c *Config, path string) { c.APIKeyFile = path },
		"ca_file":       func(c *Config, path string) { c.CAFile = path },
	} {
		c := DefaultConfig("http://h:9200")
		change(&c, filepath.Join(t.TempDir(), "missing"))
		s, err := New(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "index.elasticsearch."+name) {
			t.Errorf("%s: Check gives %v", name, err)
		}
		if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: Start gives %v", name, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("%s: Close gives %v", name, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	put := func(text string) {
		if err := os.WriteFile(secretFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("first\n")
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"none":           {func(*Config) {}, ""},
		"in the URL":     {func(c *Config) { c.URLs = []string{"http://weir:pa%3Ass@one:9200"} }, basicAuth("weir", "pa:ss")},
		"keys":           {func(c *Config) { c.Username, c.Password = "weir", "pass" }, basicAuth("weir", "pass")},
		"empty password": {func(c *Config) { c.Username = "weir" }, basicAuth("weir", "")},
		"password file":  {func(c *Config) { c.Username, c.PasswordFile = "weir", secretFile }, basicAuth("weir", "first")},
		"API key":        {func(c *Config) { c.APIKey = "a2V5" }, "ApiKey a2V5"},
		"API key file":   {func(c *Config) { c.APIKeyFile = secretFile }, "ApiKey first"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				s := f.start(c.change)
				write(t, s, flows(0, 1))
				f.pass(2 * time.Second)
				stop(t, s)
				if len(f.auths) == 0 || slices.ContainsFunc(f.auths, func(a string) bool { return a != c.want }) {
					t.Errorf("Authorization %q, want always %q", f.auths, c.want)
				}
				if strings.Contains(f.logged(), "pass") || strings.Contains(s.Name(), "pa") {
					t.Errorf("a secret is in the log or the name: %s", f.logged())
				}
			})
		})
	}
	// A password that has changed is found when the old one is refused.
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(func(c *Config) { c.Username, c.PasswordFile = "weir", secretFile })
		f.pass(time.Second)
		put("second")
		write(t, s, flows(0, 1))
		f.change(func() { f.down = func(string) error { f.down = nil; return refused() } })
		f.pass(5 * time.Second)
		stop(t, s)
		if last := f.auths[len(f.auths)-1]; last != basicAuth("weir", "second") {
			t.Errorf("after the change, Authorization is still %q", last)
		}
	})
}
