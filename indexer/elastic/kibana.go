package elastic

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// KibanaAccess is how to reach the Kibana of a configuration.
type KibanaAccess struct {
	// Authorization is the header's value; empty for none.
	Authorization string
	Transport     *http.Transport
}

// SetsUp reports whether a collector sets the servers up by itself.
func (c Config) SetsUp() bool { return c.Setup == setupAuto }

// KibanaAccess reads the credentials and certificates for Kibana: its own keys,
// and the servers' where it has none.
func (c Config) KibanaAccess() (KibanaAccess, error) {
	k, err := c.forKibana()
	if err != nil {
		return KibanaAccess{}, err
	}
	auth, err := k.access().authorization()
	if err != nil {
		return KibanaAccess{}, c.Kibana.rename(err)
	}
	network, err := newNetwork(k.access(), 1)
	if err != nil {
		return KibanaAccess{}, c.Kibana.rename(err)
	}
	target, err := url.Parse(c.Kibana.URL)
	if err != nil {
		return KibanaAccess{}, k.access().fault("kibana.url", "%q is no URL", maskURL(c.Kibana.URL))
	}
	transport, err := network.transport(target)
	return KibanaAccess{auth, transport}, err
}

// rename has an error name the key that the file stands in.
func (c KibanaConfig) rename(err error) error {
	for _, key := range []struct{ name, value string }{{"ca_file", c.CAFile}, {"password_file", c.PasswordFile}, {"api_key_file", c.APIKeyFile}} {
		if err != nil && key.value != "" {
			if rest, ok := strings.CutPrefix(err.Error(), "index.elasticsearch."+key.name+":"); ok {
				return errors.New("index.elasticsearch.kibana." + key.name + ":" + rest)
			}
		}
	}
	return err
}

// forKibana is the configuration of a connection to Kibana.
func (c Config) forKibana() (Config, error) {
	own := c.Kibana
	if own.CAFile != "" {
		c.CAFile, c.CAFingerprint = own.CAFile, ""
	}
	c.TLSServerName = "" // that of the other servers
	c.Insecure = c.Insecure || own.Insecure
	switch {
	case own.APIKey != "" || own.APIKeyFile != "":
		c.forgetCredentials()
		c.APIKey, c.APIKeyFile = own.APIKey, own.APIKeyFile
	case own.Username != "":
		c.forgetCredentials()
		c.Username, c.Password, c.PasswordFile = own.Username, own.Password, own.PasswordFile
	case c.access().credentials() == "":
		endpoints, err := parseEndpoints(c)
		if err != nil {
			return c, err
		}
		if user := endpoints[0].user; user != nil {
			password, _ := user.Password()
			c.Username, c.Password = user.Username(), password
		}
	}
	return c, nil
}

func (c *Config) forgetCredentials() {
	c.Username, c.Password, c.PasswordFile, c.CloudAuth = "", "", "", ""
	c.APIKey, c.APIKeyFile, c.BearerToken, c.BearerTokenFile = "", "", "", ""
}
