package elastic

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// node is a server that says of itself what a test wants. Real clusters of
// several nodes cannot be had from `make servers`.
type node struct {
	*httptest.Server
	cluster string

	mu    sync.Mutex
	nodes string // the answer to GET /_nodes/http
	asked []string
}

func newNode(t *testing.T, cluster string) *node {
	t.Helper()
	n := &node{cluster: cluster}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		user, password, _ := r.BasicAuth()
		n.asked = append(n.asked, r.URL.Path+" "+user+":"+password+" "+r.Header.Get("X-Tenant"))
		if r.URL.Path == "/es/_nodes/http" {
			_, _ = io.WriteString(w, n.nodes)
			return
		}
		_, _ = fmt.Fprintf(w, `{"cluster_name":%q,"cluster_uuid":"u"}`, cluster)
	}))
	t.Cleanup(n.Close)
	return n
}

func (n *node) address() string { return n.Listener.Addr().String() }

// says has n name nodes.
func (n *node) says(nodes ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for i, address := range nodes {
		roles := `["data"]`
		if strings.HasSuffix(address, " master") {
			address, roles = strings.TrimSuffix(address, " master"), `["cluster_manager"]`
		}
		list = append(list, fmt.Sprintf(`"%d":{"roles":%s,"http":{"publish_address":%q}}`, i, roles, address))
	}
	n.nodes = `{"nodes":{` + strings.Join(list, ",") + `}}`
}

func TestDiscover(t *testing.T) {
	seed, second, third, stranger, master := newNode(t, "ours"), newNode(t, "ours"), newNode(t, "ours"), newNode(t, "theirs"), newNode(t, "ours")
	c := DefaultConfig("http://weir:pass@" + seed.address() + "/es")
	c.Headers = map[string]string{"x-tenant": "north"}
	c.Sniff = true
	endpoints, err := parseEndpoints(c)
	if err != nil {
		t.Fatal(err)
	}
	k, err := newClient(c, endpoints, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	discover := func(want ...*node) {
		t.Helper()
		if _, err := k.discover(t.Context(), time.Minute, endpoints); err != nil {
			t.Error(err)
		}
		var got, list []string
		for _, u := range k.servers.URLs() {
			got = append(got, u.String())
		}
		for _, n := range want {
			list = append(list, "http://"+n.address()+"/es")
		}
		slices.Sort(got[1:])
		slices.Sort(list[1:])
		if !slices.Equal(got, list) {
			t.Errorf("in use are %v, want %v", got, list)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	seed.says(second.address(), stranger.address(), master.address()+" master", strings.TrimPrefix(gone.URL, "http://"), "nonsense", "a b:9200")
	discover(seed, second) // the seed is not in the list, and stays
	if want := "/es/ weir:pass north"; !slices.Contains(second.asked, want) && !slices.Contains(second.asked, "/es weir:pass north") {
		t.Errorf("the new node was asked %q, want the path, the user and the header of the seed", second.asked)
	}
	// The list comes from any server that answers; nodes that have left are left out.
	seed.Close()
	second.says(second.address(), third.address())
	discover(seed, second, third)
	second.Close()
	third.says(third.address())
	discover(seed, third)
	third.Close()
	if _, err := k.discover(t.Context(), time.Minute, endpoints); err == nil {
		t.Error("no server answers, and nothing is said")
	}
	if n := k.servers.count(); n != 2 {
		t.Errorf("%d servers are left after a question without an answer, want 2", n)
	}
}

func TestNodeAddresses(t *testing.T) {
	text := `{"nodes":{"a":{"roles":["data","master"],"http":{"publish_address":"es1.example.net/192.0.2.1:9200"}},
		"b":{"roles":[],"http":{"publish_address":"[2001:db8::1]:9200"}},"c":{"roles":["master"],"http":{"publish_address":"192.0.2.3:9200"}},
		"d":{"http":{"publish_address":"192.0.2.4:0"}},"e":{},"f":{"http":{"publish_address":"u@192.0.2.5:9200"}},"g":{"http":{"publish_address":"/192.0.2.6:9200"}}}}`
	want := []string{"192.0.2.6:9200", "[2001:db8::1]:9200", "es1.example.net:9200"}
	if got, err := nodeAddresses([]byte(text)); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := nodeAddresses([]byte(`{"nodes":[]}`)); err == nil {
		t.Error("a list of nodes that is no table was read")
	}
}

// FuzzNodes checks that whatever a server says of its nodes, each address makes a
// URL of that host and nothing more.
func FuzzNodes(f *testing.F) {
	for _, address := range []string{"192.0.2.1:9200", "es/192.0.2.1:9200", "[::1]:9200", "a@b:1", "x/y?z:9", "host:99999", "%41:1"} {
		f.Add(fmt.Sprintf(`{"nodes":{"a":{"roles":["data"],"http":{"publish_address":%q}}}}`, address))
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := nodeAddresses([]byte(text))
		if err != nil && list != nil {
			t.Fatalf("%v with error %v", list, err)
		}
		for _, address := range list {
			c := DefaultConfig("https://" + address)
			if _, err := parseEndpoints(c); err != nil && !strings.Contains(err.Error(), "is no server's URL") {
				t.Fatal(err)
			}
			if strings.ContainsAny(address, "/@?#\\ \n") {
				t.Fatalf("address %q", address)
			}
		}
	})
}

// Each product names itself as its only node.
func TestRealDiscover(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		var answer json.RawMessage
		s.Call(t, http.MethodGet, "/_nodes/http", "", &answer)
		nodes, err := nodeAddresses(answer)
		if err != nil || len(nodes) != 1 {
			t.Fatalf("the nodes are %v (%v), want one", nodes, err)
		}
		// By another name than the node's own, so that the node is a second server.
		c := DefaultConfig(strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
		endpoints, err := parseEndpoints(c)
		if err != nil {
			t.Fatal(err)
		}
		k, err := newClient(c, endpoints, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer k.close()
		changed, err := k.discover(t.Context(), time.Minute, endpoints)
		if want := c.URLs[0] + " http://" + nodes[0]; c.URLs[0] != s.URL && (err != nil || changed != want) {
			t.Errorf("in use are %q (%v), want %q", changed, err, want)
		}
	})
}
