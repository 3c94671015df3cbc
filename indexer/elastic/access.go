package elastic

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// access is how a server is reached, and how it learns who we are: the keys that
// every section about a server has, whatever answers there.
type access struct {
	section string // what stands before the keys in messages, such as "index.elasticsearch."

	username, password, passwordFile string
	apiKey, apiKeyFile               string
	bearerToken, bearerTokenFile     string

	caFile, caFingerprint, certFile, keyFile string
	serverName, minVersion                   string
	insecure                                 bool

	proxyURL     string
	proxyDisable bool

	headers        map[string]string
	connectTimeout time.Duration
}

// access gives the section's part about the way to the servers.
func (c Config) access() access {
	a := access{
		section:  "index.elasticsearch.",
		username: c.Username, password: c.Password, passwordFile: c.PasswordFile,
		apiKey: c.APIKey, apiKeyFile: c.APIKeyFile, bearerToken: c.BearerToken, bearerTokenFile: c.BearerTokenFile,
		caFile: c.CAFile, caFingerprint: c.CAFingerprint, certFile: c.CertFile, keyFile: c.KeyFile,
		serverName: c.TLSServerName, minVersion: c.TLSMinVersion, insecure: c.Insecure,
		proxyURL: c.ProxyURL, proxyDisable: c.ProxyDisable, headers: c.Headers, connectTimeout: c.ConnectTimeout,
	}
	if user, password, ok := strings.Cut(c.CloudAuth, ":"); ok {
		a.username, a.password = user, password
	}
	return a
}

// fault is a message about a key.
func (a access) fault(key, format string, arguments ...any) error {
	return fmt.Errorf("%s%s: %w", a.section, key, fmt.Errorf(format, arguments...))
}

// credentials tells whether there are any, and by which key.
func (a access) credentials() (key string) {
	switch {
	case a.username != "":
		return "username"
	case a.apiKey != "" || a.apiKeyFile != "":
		return "api_key"
	case a.bearerToken != "" || a.bearerTokenFile != "":
		return "bearer_token"
	}
	return ""
}

// validate reports the first value that cannot be, without touching a file. Its
// errors show no secret.
func (a access) validate() error {
	ways := 0
	for _, given := range []bool{a.username != "", a.apiKey != "" || a.apiKeyFile != "", a.bearerToken != "" || a.bearerTokenFile != ""} {
		if given {
			ways++
		}
	}
	switch {
	case a.password != "" && a.passwordFile != "":
		return a.fault("password_file", "give this or password, not both")
	case a.apiKey != "" && a.apiKeyFile != "":
		return a.fault("api_key_file", "give this or api_key, not both")
	case a.bearerToken != "" && a.bearerTokenFile != "":
		return a.fault("bearer_token_file", "give this or bearer_token, not both")
	case a.username == "" && a.password != "":
		return a.fault("password", "it is given without username")
	case a.username == "" && a.passwordFile != "":
		return a.fault("password_file", "it is given without username")
	case ways > 1:
		return a.fault(a.credentials(), "give a user, an API key or a bearer token, not several")
	case a.connectTimeout <= 0:
		return a.fault("connect_timeout", "%s is not allowed; allowed: above 0", a.connectTimeout)
	}
	if err := a.validateTLS(); err != nil {
		return err
	}
	if _, err := a.proxy(); err != nil {
		return err
	}
	return a.validateHeaders()
}

// reserved are headers that follow from other settings or from the request.
var reserved = map[string]string{
	"Authorization": "the keys for credentials set it", "Host": "the URL sets it", "Content-Type": "the request sets it",
	"Content-Encoding": "compression sets it", "Content-Length": "the request sets it", "Transfer-Encoding": "the request sets it",
}

func (a access) validateHeaders() error {
	for name, value := range a.headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return a.fault("headers", "%q is no header's name; allowed: letters, digits and hyphens", clip(name, 80))
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return a.fault("headers", "the value of %s holds characters that no header may; allowed: one line of text", name)
		}
		if why := reserved[http.CanonicalHeaderKey(name)]; why != "" {
			return a.fault("headers", "%s cannot be set here: %s", name, why)
		}
	}
	return nil
}

// secretFiles gives the files that authorization reads.
func (a access) secretFiles() []string {
	if file := cmp.Or(a.passwordFile, a.apiKeyFile, a.bearerTokenFile); file != "" {
		return []string{file}
	}
	return nil
}

// authorization gives the Authorization header of the configured credentials,
// empty when there are none. It reads the files that hold secrets.
func (a access) authorization() (string, error) {
	switch a.credentials() {
	case "api_key":
		key, err := a.secret(a.apiKey, a.apiKeyFile, "api_key_file")
		return "ApiKey " + key, err
	case "bearer_token":
		token, err := a.secret(a.bearerToken, a.bearerTokenFile, "bearer_token_file")
		return "Bearer " + token, err
	case "username":
		password, err := a.secret(a.password, a.passwordFile, "password_file")
		return basicAuth(a.username, password), err
	}
	return "", nil
}

// secret gives the value, or what the file holds.
func (a access) secret(value, file, key string) (string, error) {
	if file == "" {
		return value, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", a.fault(key, "%w; allowed: a file that holds the secret alone", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case secret == "":
		return "", a.fault(key, "%q is empty; allowed: a file that holds the secret alone", file)
	case key != "password_file" && !httpguts.ValidHeaderFieldValue(secret):
		return "", a.fault(key, "%q holds more than one line; allowed: a file that holds the secret alone", file)
	}
	return secret, nil
}

// watch gives the Authorization header, made anew when its file changes.
func (a access) watch() *watched[string] {
	return &watched[string]{paths: a.secretFiles(), make: a.authorization}
}

// check reads the files that the settings name.
func (a access) check() error {
	_, err := a.authorization()
	_, err2 := newNetwork(a, 1)
	return errors.Join(err, err2)
}
