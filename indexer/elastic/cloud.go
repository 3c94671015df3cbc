package elastic

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strings"
)

// parseCloudID reads an Elastic Cloud id, LABEL:BASE64 with the text
// host[:port]$elasticsearch[:port]$kibana[:port] inside, where the label may be
// missing and a part's own port wins over the host's; without any it is 443. The
// URL of Kibana is empty when the id names none.
// (https://www.elastic.co/docs/deploy-manage/deploy/elastic-cloud/find-cloud-id)
func parseCloudID(id string) (elasticsearch, kibana string, err error) {
	text := id[strings.LastIndexByte(id, ':')+1:]
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if decoded, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return "", "", errors.New("what follows the last colon is no base64")
		}
	}
	parts := strings.Split(string(decoded), "$")
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", "", errors.New("it does not hold a host and the name of a cluster")
	}
	host, port := hostPort(parts[0], "443")
	make := func(part string) (string, error) {
		name, own := hostPort(part, port)
		u := "https://" + net.JoinHostPort(name+"."+host, own)
		if parsed, err := url.Parse(u); err != nil || parsed.Hostname() != name+"."+host || !portable(own) {
			return "", errors.New("it does not hold a host and the name of a cluster")
		}
		return u, nil
	}
	if elasticsearch, err = make(parts[1]); err != nil {
		return "", "", err
	}
	if len(parts) > 2 && parts[2] != "" {
		kibana, err = make(parts[2])
	}
	return elasticsearch, kibana, err
}

func hostPort(text, otherwise string) (host, port string) {
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, otherwise
}
