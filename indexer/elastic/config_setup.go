package elastic

import (
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// The values of Config.Setup.
const (
	setupAuto   = "auto"
	setupManual = "manual"
)

// The values of Config.Lifecycle.
const (
	lifecycleAuto   = "auto"
	lifecycleStream = "data_stream"
	lifecycleILM    = "ilm"
	lifecycleISM    = "ism"
	lifecycleNone   = "none"
)

// RetentionConfig says how long documents are kept, counted from when their
// index was rolled over, which is up to a day after they were written, more for
// small streams. 0 keeps them for ever.
type RetentionConfig struct {
	// Flows is for weir-flows-*. Default: 30d.
	Flows time.Duration `mapstructure:"flows" yaml:"flows"`
	// Counters is for weir-counters-*. Default: 30d.
	Counters time.Duration `mapstructure:"counters" yaml:"counters"`
	// Exporters is for weir-exporters-*. Default: 90d.
	Exporters time.Duration `mapstructure:"exporters" yaml:"exporters"`
	// Rejected is for weir-rejected-*. Default: 14d.
	Rejected time.Duration `mapstructure:"rejected" yaml:"rejected"`
	// Rollup1m is for weir-rollup-1m-*. Default: 30d.
	Rollup1m time.Duration `mapstructure:"rollup_1m" yaml:"rollup_1m"`
	// Rollup1h is for weir-rollup-1h-*. Default: 400d.
	Rollup1h time.Duration `mapstructure:"rollup_1h" yaml:"rollup_1h"`
}

const day = 24 * time.Hour

func defaultRetention() RetentionConfig {
	return RetentionConfig{Flows: 30 * day, Counters: 30 * day, Exporters: 90 * day, Rejected: 14 * day, Rollup1m: 30 * day, Rollup1h: 400 * day}
}

// of gives the retention of a stream, by the part of its name between weir- and
// the namespace.
func (c RetentionConfig) of(stream string) time.Duration {
	switch stream {
	case "counters":
		return c.Counters
	case "exporters":
		return c.Exporters
	case "rejected":
		return c.Rejected
	case "rollup-1m":
		return c.Rollup1m
	case "rollup-1h":
		return c.Rollup1h
	}
	return c.Flows
}

// KibanaConfig names the Kibana or OpenSearch Dashboards that gets the
// dashboards.
type KibanaConfig struct {
	// URL is where it answers, with its base path if it has one, such as
	// https://kibana.example.net:5601. Default: none, and no dashboards are put
	// anywhere.
	URL string `mapstructure:"url" yaml:"url"`
	// Username and Password are for basic authentication. PasswordFile holds the
	// password instead. APIKey is an API key in its encoded form, for Kibana;
	// APIKeyFile holds it instead. Default: the servers' credentials.
	Username     string `mapstructure:"username" yaml:"username"`
	Password     string `mapstructure:"password" yaml:"password"`
	PasswordFile string `mapstructure:"password_file" yaml:"password_file"`
	APIKey       string `mapstructure:"api_key" yaml:"api_key"`
	APIKeyFile   string `mapstructure:"api_key_file" yaml:"api_key_file"`
	// CAFile is a PEM file of the authorities that may sign its certificate.
	// Default: the servers' ca_file, else the system's.
	CAFile string `mapstructure:"ca_file" yaml:"ca_file"`
	// Insecure accepts any certificate. Default: false.
	Insecure bool `mapstructure:"insecure" yaml:"insecure"`
	// Space is Kibana's space, or the tenant of OpenSearch Dashboards. Default: the
	// space Default, and the user's own tenant.
	Space string `mapstructure:"space" yaml:"space"`
}

var spacePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{0,100}$`)

// validateSetup checks the keys about setup with check of Validate.
func (c Config) validateSetup(check func(ok bool, key string, value any, allowed string)) {
	check(c.Setup == setupAuto || c.Setup == setupManual, "setup", fmt.Sprintf("%q", c.Setup), "auto, manual")
	switch c.Lifecycle {
	case lifecycleAuto, lifecycleStream, lifecycleILM, lifecycleISM, lifecycleNone:
	default:
		check(false, "lifecycle", fmt.Sprintf("%q", c.Lifecycle), "auto, data_stream, ilm, ism, none")
	}
	for _, stream := range []string{"flows", "counters", "exporters", "rejected", "rollup_1m", "rollup_1h"} {
		keep := c.Retention.of(dashed(stream))
		check(keep == 0 || keep >= time.Hour && keep%time.Second == 0, "retention."+stream, keep, "0 (for ever), or 1h and more in whole seconds")
	}
	k := c.Kibana
	if k.URL != "" {
		u, err := url.Parse(k.URL)
		check(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && portable(u.Port()) && u.RawQuery == "" && u.Fragment == "" && u.User == nil,
			"kibana.url", fmt.Sprintf("%q", maskURL(k.URL)), "http:// or https://, a host and optionally a port and a path; credentials have keys of their own")
	}
	check(spacePattern.MatchString(k.Space), "kibana.space", fmt.Sprintf("%q", k.Space), "letters, digits, '_' and '-', up to 100: the id in the space's URL")
	check(k.Password == "" || k.PasswordFile == "", "kibana.password_file", "it", "this or password, not both")
	check(k.Username != "" || k.Password == "" && k.PasswordFile == "", "kibana.username", "nothing", "a name, as a password is given")
	check(k.APIKey == "" || k.APIKeyFile == "", "kibana.api_key_file", "it", "this or api_key, not both")
	check(k.Username == "" || k.APIKey == "" && k.APIKeyFile == "", "kibana.api_key", "it", "this or username, not both")
}

// dashed is a key's part as streams write it.
func dashed(key string) string {
	text := []byte(key)
	for i := range text {
		if text[i] == '_' {
			text[i] = '-'
		}
	}
	return string(text)
}
