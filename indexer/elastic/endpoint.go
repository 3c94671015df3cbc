package elastic

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// endpoint is one server. Its URL holds no credentials, so that it can be logged.
type endpoint struct {
	url  *url.URL
	auth string // Authorization header from the URL's user:password@
	user *url.Userinfo
}

// parseEndpoints reads the URLs and checks that the credentials are given once.
// Its errors show no secret.
func parseEndpoints(c Config) ([]endpoint, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("index.elasticsearch.urls: it is empty; allowed: a list of URLs, for example https://localhost:9200")
	}
	switch {
	case c.Password != "" && c.PasswordFile != "":
		return nil, errors.New("index.elasticsearch.password_file: give this or password, not both")
	case c.APIKey != "" && c.APIKeyFile != "":
		return nil, errors.New("index.elasticsearch.api_key_file: give this or api_key, not both")
	case c.Username == "" && c.Password != "":
		return nil, errors.New("index.elasticsearch.password: it is given without username")
	case c.Username == "" && c.PasswordFile != "":
		return nil, errors.New("index.elasticsearch.password_file: it is given without username")
	case c.Username != "" && (c.APIKey != "" || c.APIKeyFile != ""):
		return nil, errors.New("index.elasticsearch.username: give this or an API key, not both")
	}
	var list []endpoint
	for _, text := range c.URLs {
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || !portable(u.Port()) || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("index.elasticsearch.urls: %q is no server's URL; allowed: http:// or https://, a host and optionally a port and a path", maskURL(text))
		}
		e := endpoint{url: u}
		if u.User != nil {
			if c.Username != "" || c.APIKey != "" || c.APIKeyFile != "" {
				return nil, fmt.Errorf("index.elasticsearch.urls: %q names a user, and so do other keys; give the credentials once", maskURL(text))
			}
			password, _ := u.User.Password()
			e.auth, e.user, u.User = basicAuth(u.User.Username(), password), u.User, nil
		}
		u.Path = strings.TrimRight(u.Path, "/")
		list = append(list, e)
	}
	return list, nil
}

// portable reports whether a URL's port is one, or absent.
func portable(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// maskURL hides what may be credentials in a text that need not be a URL.
func maskURL(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	scheme := ""
	if i := strings.Index(text[:at], "://"); i >= 0 {
		scheme = text[:i+3]
	}
	return scheme + "***" + text[at:]
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// authorization gives the Authorization header of the configured credentials,
// empty when there are none. It reads the files that hold secrets.
func (c Config) authorization() (string, error) {
	switch {
	case c.APIKey != "" || c.APIKeyFile != "":
		key, err := secret(c.APIKey, c.APIKeyFile, "api_key_file")
		if err != nil {
			return "", err
		}
		return "ApiKey " + key, nil
	case c.Username != "":
		password, err := secret(c.Password, c.PasswordFile, "password_file")
		if err != nil {
			return "", err
		}
		return basicAuth(c.Username, password), nil
	}
	return "", nil
}

func secret(value, file, key string) (string, error) {
	if file == "" {
		return value, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("index.elasticsearch.%s: %w; allowed: a file that holds the secret alone", key, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
