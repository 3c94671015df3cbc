package elastic

import (
	"errors"
	"net/http"
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
	auth, err := k.authorization()
	if err != nil {
		return KibanaAccess{}, c.Kibana.rename(err)
	}
	transport, err := newTransport(k)
	return KibanaAccess{auth, transport}, c.Kibana.rename(err)
}

// rename has an error name the key that the file stands in.
func (c KibanaConfig) rename(err error) error {
	for _, key := range []struct{ name, value string }{{"ca_file", c.CAFile}, {"password_file", c.PasswordFile}} {
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
		c.CAFile = own.CAFile
	}
	c.Insecure = c.Insecure || own.Insecure
	switch {
	case own.APIKey != "":
		c.APIKey, c.APIKeyFile, c.Username, c.Password, c.PasswordFile = own.APIKey, "", "", "", ""
	case own.Username != "":
		c.APIKey, c.APIKeyFile, c.Username, c.Password, c.PasswordFile = "", "", own.Username, own.Password, own.PasswordFile
	case c.Username == "" && c.APIKey == "" && c.APIKeyFile == "":
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
