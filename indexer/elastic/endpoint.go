package elastic

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// endpoint is one server. Its URL holds no credentials, so that it can be logged.
type endpoint struct {
	url  *url.URL
	auth string // Authorization header from the URL's user:password@
	user *url.Userinfo
}

// pathPattern is a path of characters that need no escaping.
var pathPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+/?$`)

// parseEndpoints reads the URLs and checks that the credentials are given once.
// Its errors show no secret.
func parseEndpoints(c Config) ([]endpoint, error) {
	urls := c.URLs
	switch {
	case c.CloudID != "" && len(urls) > 0:
		return nil, errors.New("index.elasticsearch.cloud_id: give this or urls, not both")
	case c.CloudID != "" && c.Sniff:
		return nil, errors.New("index.elasticsearch.sniff: Elastic Cloud's nodes cannot be reached by their own addresses; allowed: false with cloud_id")
	case c.CloudID != "":
		cloud, _, err := parseCloudID(c.CloudID)
		if err != nil {
			return nil, fmt.Errorf("index.elasticsearch.cloud_id: %q is none: %w; allowed: the Cloud ID that the deployment's page shows", clip(c.CloudID, 200), err)
		}
		urls = []string{cloud}
	case len(urls) == 0:
		return nil, errors.New("index.elasticsearch.urls: it is empty; allowed: a list of URLs, for example https://localhost:9200")
	}
	if c.CloudAuth != "" {
		switch user, _, ok := strings.Cut(c.CloudAuth, ":"); {
		case !ok || user == "":
			return nil, errors.New("index.elasticsearch.cloud_auth: the value is not allowed; allowed: user:password")
		case c.Username != "" || c.Password != "" || c.PasswordFile != "":
			return nil, errors.New("index.elasticsearch.cloud_auth: give this or username and password, not both")
		}
	}
	if c.Path != "" && !pathPattern.MatchString(c.Path) {
		return nil, fmt.Errorf("index.elasticsearch.path: %q is not allowed; allowed: a path such as /es", clip(c.Path, 200))
	}
	ways := c.access()
	if err := ways.validate(); err != nil {
		return nil, err
	}
	var list []endpoint
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || !portable(u.Port()) || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("index.elasticsearch.urls: %q is no server's URL; allowed: http:// or https://, a host and optionally a port and a path", maskURL(text))
		}
		e := endpoint{url: u}
		if u.User != nil {
			if ways.credentials() != "" {
				return nil, fmt.Errorf("index.elasticsearch.urls: %q names a user, and so do other keys; give the credentials once", maskURL(text))
			}
			password, _ := u.User.Password()
			e.auth, e.user, u.User = basicAuth(u.User.Username(), password), u.User, nil
		}
		u.Path = strings.TrimRight(u.Path, "/")
		if u.Path == "" {
			u.Path = strings.TrimRight(c.Path, "/")
		}
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
