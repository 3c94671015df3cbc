package collector

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/collector/message"
)

func TestParseEndpoint(t *testing.T) {
	tests := []struct {
		url  string
		want Endpoint
	}{
		{"udp://:2055", Endpoint{Scheme: "udp", Port: 2055, HasPort: true}},
		{"udp://2055", Endpoint{Scheme: "udp", Port: 2055, HasPort: true}},
		{"2055", Endpoint{Scheme: "udp", Port: 2055, HasPort: true}},
		{"UDP://:2055/", Endpoint{Scheme: "udp", Port: 2055, HasPort: true}},
		{"udp://", Endpoint{Scheme: "udp"}},
		{"udp://192.0.2.1", Endpoint{Scheme: "udp", Host: "192.0.2.1"}},
		{"tcp://127.0.0.1:2055", Endpoint{Scheme: "tcp", Host: "127.0.0.1", Port: 2055, HasPort: true}},
		{"tls://collector.example.net:2055", Endpoint{Scheme: "tls", Host: "collector.example.net", Port: 2055, HasPort: true}},
		{"udp://[::1]:0", Endpoint{Scheme: "udp", Host: "::1", HasPort: true}},
		{"udp://[2001:db8::1]", Endpoint{Scheme: "udp", Host: "2001:db8::1"}},
		{"udp://:2055?only=netflow5,sflow", Endpoint{Scheme: "udp", Port: 2055, HasPort: true, Only: []message.Protocol{message.NetFlow5, message.SFlow5}}},
		{"tcp://:2055?only=netflow9,netflow7", Endpoint{Scheme: "tcp", Port: 2055, HasPort: true, Only: []message.Protocol{message.NetFlow9, message.NetFlow7}}},
		{"tcp://:4739?only=ipfix", Endpoint{Scheme: "tcp", Port: 4739, HasPort: true, Only: []message.Protocol{message.IPFIX}}},
	}
	for _, test := range tests {
		e, err := ParseEndpoint(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		only := slices.Equal(e.Only, test.want.Only)
		e.Only, test.want.Only = nil, nil
		if !only || e.String() != test.want.String() || e.Port != test.want.Port || e.HasPort != test.want.HasPort {
			t.Errorf("%s: got %+v, want %+v", test.url, e, test.want)
		}
		if again, err := ParseEndpoint(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%s: written as %s, which reads as %v, %v", test.url, e, again, err)
		}
	}
}

func TestParseEndpointErrors(t *testing.T) {
	tests := []struct{ url, want string }{
		{"", `endpoint "": no transport; ` + endpointForm},
		{"localhost:2055", `endpoint "localhost:2055": no transport; ` + endpointForm},
		{"http://:80", `endpoint "http://:80": unknown transport "http"; allowed: udp, tcp, tls`},
		{"dtls://:4740", `endpoint "dtls://:4740": dtls is not available in this version; allowed: udp, tcp, tls`},
		{"sctp://:4739", `endpoint "sctp://:4739": sctp is not available in this version; allowed: udp, tcp, tls`},
		{"udp://:65536", `endpoint "udp://:65536": port "65536": want a number from 0 to 65535 (0: the system chooses)`},
		{"udp://:x", `endpoint "udp://:x": port "x": want a number from 0 to 65535 (0: the system chooses)`},
		{"udp://70000", `endpoint "udp://70000": port "70000": want a number from 0 to 65535 (0: the system chooses)`},
		{"udp://host:", `endpoint "udp://host:": address "host:" ends in a colon; name a port from 0 to 65535, or leave the colon out`},
		{"udp://::1:2055", `endpoint "udp://::1:2055": address "::1:2055" has several colons; write an IPv6 address in brackets, as in [2001:db8::1]:2055`},
		{"udp://[1.2.3.4]:1", `endpoint "udp://[1.2.3.4]:1": "1.2.3.4" in brackets is not an IPv6 address`},
		{"udp://[::1", `endpoint "udp://[::1": address "[::1": address [::1: missing ']' in address; ` + endpointForm},
		{"udp://a/b:1", `endpoint "udp://a/b:1": host "a/b" is neither an IP address nor a host name; ` + endpointForm},
		{"udp://:1?max=3", `endpoint "udp://:1?max=3": unknown option "max"; allowed: only=netflow1,netflow5,netflow7,netflow9,ipfix,sflow`},
		{"udp://:1?only=v5", `endpoint "udp://:1?only=v5": only=v5: unknown protocol "v5"; allowed: netflow1,netflow5,netflow7,netflow9,ipfix,sflow`},
		{"tcp://:1?only=sflow", `endpoint "tcp://:1?only=sflow": only=sflow: sflow over tcp is not available in this version; allowed: netflow1,netflow5,netflow7,netflow9,ipfix`},
	}
	for _, test := range tests {
		e, err := ParseEndpoint(test.url)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s:\n got %v (%+v)\nwant %s", test.url, err, e, test.want)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"udp://:2055", "tls://[::1]:4740?only=ipfix", "udp://[::", "2055", "tcp://a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEndpoint(s)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "endpoint ") {
				t.Errorf("%q: the error %q does not name the value", s, err)
			}
			return
		}
		again, err := ParseEndpoint(e.String())
		if err != nil || again.String() != e.String() {
			t.Errorf("%q is written as %q, which reads as %q, %v", s, e, again, err)
		}
	})
}
