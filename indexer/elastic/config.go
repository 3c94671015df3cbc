package elastic

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/weirflow/weir/flow/catalogue"
)

// Config sets a sink: the section index.elasticsearch, for either product.
type Config struct {
	// URLs are the servers of one cluster, http or https, each with an optional
	// path and an optional user:password@. Another takes over when one fails.
	// No default; without any, nor cloud_id, there is no such sink.
	URLs []string `mapstructure:"urls" yaml:"urls"`
	// Path is put before the paths of requests to URLs that have none, for
	// servers behind a gateway, such as /es. Default: none.
	Path string `mapstructure:"path" yaml:"path"`
	// CloudID names a deployment of Elastic Cloud instead of urls. CloudAuth is
	// user:password for it, instead of username and password. Default: none.
	CloudID   string `mapstructure:"cloud_id" yaml:"cloud_id"`
	CloudAuth string `mapstructure:"cloud_auth" yaml:"cloud_auth"`

	// Username and Password are for basic authentication. PasswordFile holds the
	// password instead; it is read again when it changes. Default: none.
	Username     string `mapstructure:"username" yaml:"username"`
	Password     string `mapstructure:"password" yaml:"password"`
	PasswordFile string `mapstructure:"password_file" yaml:"password_file"`
	// APIKey is an API key in its encoded form (base64 of id:key), which only
	// Elasticsearch knows. APIKeyFile holds it instead; it is read again when it
	// changes. Default: none.
	APIKey     string `mapstructure:"api_key" yaml:"api_key"`
	APIKeyFile string `mapstructure:"api_key_file" yaml:"api_key_file"`
	// BearerToken is a token for the header Authorization: Bearer, such as an
	// Elasticsearch service token or a JWT. BearerTokenFile holds it instead; it
	// is read again when it changes. Default: none.
	BearerToken     string `mapstructure:"bearer_token" yaml:"bearer_token"`
	BearerTokenFile string `mapstructure:"bearer_token_file" yaml:"bearer_token_file"`
	// Headers are sent with every request. Their values are never shown.
	// Default: none.
	Headers map[string]string `mapstructure:"headers" yaml:"headers"`

	// CAFile is a PEM file of the authorities that may sign the servers'
	// certificates; it is read again when it changes. Default: the system's.
	CAFile string `mapstructure:"ca_file" yaml:"ca_file"`
	// CAFingerprint is the SHA-256 of a certificate, in hexadecimal digits with or
	// without colons. An authority's or server's certificate that has it, in the
	// chain that the server shows, is trusted beside those of ca_file, and instead
	// of the system's. The host's name is checked all the same. Default: none.
	CAFingerprint string `mapstructure:"ca_fingerprint" yaml:"ca_fingerprint"`
	// CertFile and KeyFile are PEM files with a certificate by which the servers
	// know us, and its private key without pass phrase. They are read again when
	// they change, for new connections. Default: none.
	CertFile string `mapstructure:"cert_file" yaml:"cert_file"`
	KeyFile  string `mapstructure:"key_file" yaml:"key_file"`
	// TLSServerName is the name that the servers' certificates must have.
	// Default: the URL's host.
	TLSServerName string `mapstructure:"tls_server_name" yaml:"tls_server_name"`
	// TLSMinVersion is the lowest version of TLS to speak: 1.2 or 1.3. Default: 1.2.
	TLSMinVersion string `mapstructure:"tls_min_version" yaml:"tls_min_version"`
	// Insecure accepts any certificate, so that anybody on the way can read and
	// change what is sent. Default: false.
	Insecure bool `mapstructure:"insecure" yaml:"insecure"`

	// ProxyURL is a proxy to reach the servers through: http, https or socks5,
	// with an optional user:password@. Default: what the variables HTTPS_PROXY,
	// HTTP_PROXY and NO_PROXY say, which hold for servers on other machines.
	ProxyURL string `mapstructure:"proxy_url" yaml:"proxy_url"`
	// ProxyDisable ignores those variables. Default: false.
	ProxyDisable bool `mapstructure:"proxy_disable" yaml:"proxy_disable"`
	// ConnectTimeout is how long a connection may take to come about, and once
	// more TLS on it. Default: 10 s.
	ConnectTimeout time.Duration `mapstructure:"connect_timeout" yaml:"connect_timeout"`
	// Sniff asks the cluster for its nodes, after connecting and then every
	// sniff_interval, and writes to them, too. The configured servers stay in use.
	// Default: false.
	Sniff bool `mapstructure:"sniff" yaml:"sniff"`
	// SniffInterval is the time between such questions. Default: 5 min.
	SniffInterval time.Duration `mapstructure:"sniff_interval" yaml:"sniff_interval"`

	// Namespace is the last part of the data streams' names: lower-case letters,
	// digits, '.', '_', up to 100. Default: default.
	Namespace string `mapstructure:"namespace" yaml:"namespace"`
	// TemplatePriority is the priority of the index templates; the products' own
	// reach 500. Default: 501.
	TemplatePriority int `mapstructure:"template_priority" yaml:"template_priority"`
	// Fields is how much documents of flows carry. It is no key of the section, but
	// index.fields, which other sinks may share. Default: lean.
	Fields catalogue.Profile `mapstructure:"-" yaml:"-"`
	// Shards is the number of primary shards of each new index. Default: 1.
	Shards int `mapstructure:"shards" yaml:"shards"`

	// Setup is auto or manual: whether the collector itself sees to templates,
	// retention and dashboards, at its start and after each loss of the server, or
	// leaves that to `weir setup`. Default: auto.
	Setup string `mapstructure:"setup" yaml:"setup"`
	// Lifecycle says what deletes old documents: data_stream or ilm on
	// Elasticsearch, ism on OpenSearch; none leaves that to you, and what an earlier
	// setup made in force. Default: auto, which is data_stream and ism.
	Lifecycle string `mapstructure:"lifecycle" yaml:"lifecycle"`
	// Retention says how long documents are kept.
	Retention RetentionConfig `mapstructure:"retention" yaml:"retention"`
	// Kibana gets the dashboards.
	Kibana KibanaConfig `mapstructure:"kibana" yaml:"kibana"`

	// FlushBytes, FlushDocuments and FlushInterval say when a bulk body is full:
	// bytes before compression, documents, and age of its first document.
	// Defaults: 5 MB, 5000, 1 s.
	FlushBytes     int           `mapstructure:"flush_bytes" yaml:"flush_bytes"`
	FlushDocuments int           `mapstructure:"flush_documents" yaml:"flush_documents"`
	FlushInterval  time.Duration `mapstructure:"flush_interval" yaml:"flush_interval"`
	// QueueBytes is how many bytes of encoded documents may wait, being sent
	// included; at least twice flush_bytes. What comes beyond is dropped, or kept
	// waiting when it came over a stream. Default: 256 MiB.
	QueueBytes int64 `mapstructure:"queue_bytes" yaml:"queue_bytes"`
	// Concurrency is how many requests may be under way, 1 to 64. Default: 4.
	Concurrency int `mapstructure:"concurrency" yaml:"concurrency"`
	// Compression is the gzip level of request bodies, 1 (fast) to 9, 0 for none.
	// Default: 1.
	Compression int `mapstructure:"compression" yaml:"compression"`
	// Timeout is how long a request may take. Default: 90 s.
	Timeout time.Duration `mapstructure:"timeout" yaml:"timeout"`
	// Retry says how refused requests and documents are tried again.
	Retry RetryConfig `mapstructure:"retry" yaml:"retry"`
}

// RetryConfig is the back-off. A delay doubles with each failure and is jittered
// down to its half at most; a server's Retry-After prolongs it.
type RetryConfig struct {
	// Initial is the first delay. Default: 1 s.
	Initial time.Duration `mapstructure:"initial" yaml:"initial"`
	// Max is the longest delay. Default: 60 s.
	Max time.Duration `mapstructure:"max" yaml:"max"`
	// MaxAttempts is how often a document is sent at most, 0 without limit.
	// Default: 0.
	MaxAttempts int `mapstructure:"max_attempts" yaml:"max_attempts"`
	// MaxAge is how long a document is retried, 0 without limit. Default: 0.
	MaxAge time.Duration `mapstructure:"max_age" yaml:"max_age"`
}

// DefaultConfig gives the defaults, for servers.
func DefaultConfig(urls ...string) Config {
	return Config{
		URLs: urls, Namespace: "default", TemplatePriority: 501, Fields: catalogue.Lean, Shards: 1,
		Setup: setupAuto, Lifecycle: lifecycleAuto, Retention: defaultRetention(),
		FlushBytes: 5e6, FlushDocuments: 5000, FlushInterval: time.Second,
		QueueBytes: 256 << 20, Concurrency: 4, Compression: 1, Timeout: 90 * time.Second,
		TLSMinVersion: "1.2", ConnectTimeout: 10 * time.Second, SniffInterval: 5 * time.Minute,
		Retry: RetryConfig{Initial: time.Second, Max: time.Minute},
	}
}

// Check reads the files that the configuration names, which Validate does not.
func (c Config) Check() error {
	if err := c.access().check(); err != nil || c.Kibana.URL == "" {
		return err
	}
	_, err := c.KibanaAccess()
	return err
}

// Enabled reports whether the configuration names servers.
func (c Config) Enabled() bool { return len(c.URLs) > 0 || c.CloudID != "" }

// Servers gives the configured servers' URLs without credentials; none when
// Validate finds fault with them.
func (c Config) Servers() []string {
	endpoints, err := parseEndpoints(c)
	if err != nil {
		return nil
	}
	list := make([]string, len(endpoints))
	for i, e := range endpoints {
		list[i] = e.url.String()
	}
	return list
}

// At gives the configuration for another server. Credentials in its URL replace
// the others.
func (c Config) At(server string) Config {
	c.URLs, c.CloudID = []string{server}, ""
	if u, err := url.Parse(server); err == nil && u.User != nil {
		c.Username, c.Password, c.PasswordFile, c.CloudAuth = "", "", "", ""
		c.APIKey, c.APIKeyFile, c.BearerToken, c.BearerTokenFile = "", "", "", ""
	}
	return c
}

// Namespaces are parts of index names, which both products restrict; a hyphen
// would make the parts ambiguous.
var namespacePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._]{0,99}$`)

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, key string, value any, allowed string) {
		if !ok {
			errs = append(errs, fmt.Errorf("index.elasticsearch.%s: %v is not allowed; allowed: %s", key, value, allowed))
		}
	}
	if _, err := parseEndpoints(c); err != nil {
		errs = append(errs, err)
	}
	check(namespacePattern.MatchString(c.Namespace), "namespace", c.Namespace, "lower-case letters, digits, '.' and '_', up to 100, first a letter or digit")
	check(c.TemplatePriority > 0, "template_priority", c.TemplatePriority, "above 0; above 500 to win over the products' own templates")
	check(c.Shards >= 1 && c.Shards <= 1024, "shards", c.Shards, "1 to 1024")
	c.validateSetup(check)
	check(c.FlushBytes >= 1<<10 && c.FlushBytes <= 100<<20, "flush_bytes", c.FlushBytes, "1024 to 100 MiB; servers refuse more")
	check(c.FlushDocuments >= 1 && c.FlushDocuments <= 1<<20, "flush_documents", c.FlushDocuments, "1 to 1048576")
	check(c.FlushInterval > 0, "flush_interval", c.FlushInterval, "above 0")
	check(c.QueueBytes >= 2*int64(c.FlushBytes), "queue_bytes", c.QueueBytes, "at least twice flush_bytes")
	check(c.Concurrency >= 1 && c.Concurrency <= 64, "concurrency", c.Concurrency, "1 to 64")
	check(c.Compression >= 0 && c.Compression <= 9, "compression", c.Compression, "0 to 9")
	check(c.Timeout > 0, "timeout", c.Timeout, "above 0")
	check(c.SniffInterval >= time.Second, "sniff_interval", c.SniffInterval, "1s or more")
	check(c.Retry.Initial > 0, "retry.initial", c.Retry.Initial, "above 0")
	check(c.Retry.Max >= c.Retry.Initial, "retry.max", c.Retry.Max, "at least retry.initial")
	check(c.Retry.MaxAttempts >= 0, "retry.max_attempts", c.Retry.MaxAttempts, "0 (no limit) or more")
	check(c.Retry.MaxAge >= 0, "retry.max_age", c.Retry.MaxAge, "0 (no limit) or more")
	return errors.Join(errs...)
}
