package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxNodes bounds how many nodes an answer can bring.
const maxNodes = 1000

// sniff keeps the list of servers up to date until ctx ends.
func (s *Sink) sniff(ctx context.Context) {
	for {
		if _, _, ok := s.link.await(ctx); !ok {
			return
		}
		found, err := s.client.discover(ctx, min(setupTimeout, s.config.Timeout), s.endpoints)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && s.quiet.Allow():
			s.log.Warn("cannot ask the cluster for its nodes; those that are known stay in use", "error", err)
		case found != "":
			s.log.Info("the servers in use have changed", "servers", found)
		}
		if !sleep(ctx, s.config.SniffInterval, nil) {
			return
		}
	}
}

// discover asks for the cluster's nodes, and puts those that answer for the same
// cluster beside the configured servers. Nodes that are gone are left out again;
// configured servers never are. It gives the new list when that has changed.
func (k *client) discover(ctx context.Context, timeout time.Duration, seeds []endpoint) (changed string, err error) {
	before := k.servers.URLs()
	var nodes []string
	var base *url.URL
	for _, u := range before {
		text, err2 := k.read(ctx, timeout, u, "/_nodes/http")
		if err2 == nil {
			nodes, err2 = nodeAddresses(text)
		}
		if err2 == nil {
			base = u
			break
		}
		err = errors.Join(err, fmt.Errorf("%s: %w", serverKey(u), err2))
	}
	if base == nil {
		return "", err
	}
	cluster, err := k.cluster(ctx, timeout, base)
	if err != nil {
		return "", err
	}
	auth, hasAuth := k.fromURL(base)
	var list []*url.URL
	for _, e := range seeds {
		list = append(list, e.url)
	}
	for _, address := range nodes {
		u := &url.URL{Scheme: base.Scheme, Host: address, Path: base.Path}
		known := func(other *url.URL) bool { return serverKey(other) == serverKey(u) }
		if slices.ContainsFunc(list, known) || elsewhere(base, u) {
			continue
		}
		if !slices.ContainsFunc(before, known) {
			if hasAuth {
				k.setAuth(u.Host, auth)
			}
			if name, err := k.cluster(ctx, timeout, u); err != nil || name != cluster {
				continue // an address inside a container, or of another cluster
			}
		}
		list = append(list, u)
	}
	texts := func(list []*url.URL) string {
		var all []string
		for _, u := range list {
			all = append(all, u.String())
		}
		return strings.Join(all, " ")
	}
	if texts(list) == texts(before) {
		return "", nil
	}
	k.servers.update(list)
	if n, ok := k.base.(*network); ok {
		n.retain(list)
	}
	return texts(list), nil
}

func (k *client) setAuth(host, auth string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.perHost[host] = auth
}

// elsewhere reports whether an address means another machine to us than to the
// node: it is the node's own, and the node is not on this machine.
func elsewhere(base, node *url.URL) bool {
	local := func(host string) bool {
		a, err := netip.ParseAddr(host)
		return host == "localhost" || err == nil && (a.IsLoopback() || a.IsUnspecified())
	}
	return local(node.Hostname()) && !local(base.Hostname())
}

// read sends a GET to one server and gives a good answer's body.
func (k *client) read(ctx context.Context, timeout time.Duration, server *url.URL, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.JoinPath(path).String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "weir")
	response, err := k.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(io.LimitReader(response.Body, setupLimit)); err != nil {
		return nil, err
	}
	if a := (answer{response.StatusCode, response.Header, text.Bytes()}); classify(a.status, false) != classDone {
		return nil, a.failure()
	}
	return text.Bytes(), nil
}

// cluster gives what tells the server's cluster from others.
func (k *client) cluster(ctx context.Context, timeout time.Duration, server *url.URL) (string, error) {
	text, err := k.read(ctx, timeout, server, "/")
	if err != nil {
		return "", err
	}
	var root struct {
		Name string `json:"cluster_name"`
		ID   string `json:"cluster_uuid"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		return "", fmt.Errorf("the answer to GET / is no JSON: %w", err)
	}
	return root.Name + "\x00" + root.ID, nil
}

// nodeAddresses reads the answer to GET /_nodes/http: host:port of every node
// that takes documents, in order. A node that names its host beside its address
// ("es1.example.net/192.0.2.1:9200") goes by the name, which its certificate has.
func nodeAddresses(text []byte) ([]string, error) {
	var answer struct {
		Nodes map[string]struct {
			Roles []string `json:"roles"`
			HTTP  struct {
				Address string `json:"publish_address"`
			} `json:"http"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("the answer to GET /_nodes/http is not readable: %w", err)
	}
	var list []string
	for _, node := range answer.Nodes {
		if len(node.Roles) == 1 && (node.Roles[0] == "master" || node.Roles[0] == "cluster_manager") {
			continue
		}
		address := node.HTTP.Address
		if name, rest, ok := strings.Cut(address, "/"); ok {
			address = rest
			if i := strings.LastIndexByte(rest, ':'); i >= 0 && name != "" {
				address = name + rest[i:]
			}
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" || port == "" || !portable(port) {
			continue
		}
		// The host becomes a part of URLs, so it must be no more than one.
		if u, err := url.Parse("http://" + net.JoinHostPort(host, port)); err != nil || u.Hostname() != host || u.User != nil || strings.ContainsAny(host, "%") {
			continue
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxNodes)], nil
}
