package elastic

import (
	"net/netip"
)

// warnings gives what an operator should know about the way to the servers.
func (c Config) warnings(endpoints []endpoint) []string {
	var list []string
	if c.Insecure {
		list = append(list, "index.elasticsearch.insecure is set: any certificate is accepted, so that somebody on the way to the server can read and change what is sent; use ca_file or ca_fingerprint instead")
	}
	for _, e := range endpoints {
		host := e.url.Hostname()
		a, err := netip.ParseAddr(host)
		if e.url.Scheme == "https" || host == "localhost" || err == nil && a.IsLoopback() {
			continue
		}
		if e.auth != "" || c.access().credentials() != "" {
			list = append(list, "credentials go to "+e.url.Host+" in clear text; use https:// in its URL")
		}
	}
	return list
}
