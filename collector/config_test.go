package collector

import (
	"fmt"
	"slices"
	"testing"
)

// testConfig listens nowhere.
func testConfig() Config {
	c := DefaultConfig()
	c.NetFlow5, c.NetFlow9, c.IPFIX, c.SFlow = nil, nil, nil, nil
	c.Workers = 1
	return c
}

func TestPlan(t *testing.T) {
	withTLS := TLSConfig{Cert: "c.pem", Key: "k.pem"}
	tests := []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"default", func(c *Config) { *c = DefaultConfig() },
			[]string{"udp://:2055 all", "udp://:9995 all", "udp://:4739 all", "tcp://:4739 all", "udp://:6343 all"}},
		{"default with a certificate", func(c *Config) { *c = DefaultConfig(); c.TLS = withTLS },
			[]string{"udp://:2055 all", "udp://:9995 all", "udp://:4739 all", "tcp://:4739 all", "tls://:4740 all", "udp://:6343 all"}},
		{"a list of its own gets no TLS", func(c *Config) { c.IPFIX = []string{"tcp://:4739"}; c.TLS = withTLS }, []string{"tcp://:4739 all"}},
		{"default ports", func(c *Config) {
			c.NetFlow5, c.NetFlow9, c.SFlow = []string{"udp://"}, []string{"udp://192.0.2.1"}, []string{"udp://[::1]"}
			c.IPFIX, c.TLS = []string{"udp://", "tls://"}, withTLS
		}, []string{"udp://:2055 all", "udp://192.0.2.1:9995 all", "udp://:4739 all", "tls://:4740 all", "udp://[::1]:6343 all"}},
		{"a port in two lists is one listener", func(c *Config) {
			c.NetFlow5, c.NetFlow9, c.SFlow = []string{"udp://:2055"}, []string{"udp://2055"}, []string{"udp://[::]:2055"}
		}, []string{"udp://:2055 all"}},
		{"only adds up", func(c *Config) {
			c.NetFlow5, c.NetFlow9 = []string{"udp://:2055?only=netflow5"}, []string{"udp://:2055?only=netflow9"}
		}, []string{"udp://:2055 netflow5,netflow9"}},
		{"ports the system chooses stay apart", func(c *Config) { c.NetFlow5, c.SFlow = []string{"udp://:0"}, []string{"udp://:0"} },
			[]string{"udp://:0 all", "udp://:0 all"}},
		{"two families at one port", func(c *Config) { c.NetFlow5 = []string{"udp://0.0.0.0:2055", "udp://[::1]:2055"} },
			[]string{"udp://0.0.0.0:2055 all", "udp://[::1]:2055 all"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := testConfig()
			test.change(&c)
			listeners, err := c.plan()
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, l := range listeners {
				list = append(list, fmt.Sprint(l.label(), " ", l.protocols()))
			}
			if !slices.Equal(list, test.want) {
				t.Errorf("got %v, want %v", list, test.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { *c = testConfig() }, "collectors: no endpoint is configured; name one, such as netflow5: [udp://:2055]"},
		{func(c *Config) { c.SFlow = []string{"udp://:6343", "udp://:x"} },
			`collectors.sflow[1]: endpoint "udp://:x": port "x": want a number from 0 to 65535 (0: the system chooses)`},
		{func(c *Config) { c.SFlow = []string{"tcp://:6343"} },
			`collectors.sflow[0]: endpoint "tcp://:6343": sflow over tcp is not available in this version; allowed: udp`},
		{func(c *Config) { c.IPFIX = []string{"tls://:4740"} },
			`collectors.ipfix[0]: endpoint "tls://:4740" needs a certificate; set collectors.tls.cert and collectors.tls.key`},
		{func(c *Config) { c.NetFlow9 = []string{"udp://127.0.0.1:2055"} },
			`collectors.netflow9[0]: endpoint "udp://127.0.0.1:2055" overlaps "udp://:2055" of collectors.netflow5[0]: both would be the same port; use one of them`},
		{func(c *Config) {
			c.IPFIX, c.TLS = []string{"tcp://:4739", "tls://:4739"}, TLSConfig{Cert: "c", Key: "k"}
		},
			`collectors.ipfix[1]: endpoint "tls://:4739" overlaps "tcp://:4739" of collectors.ipfix[0]: both would be the same port; use one of them`},
		{func(c *Config) { c.TLS.Cert = "c.pem" }, "collectors.tls: cert and key belong together, only one of them is set"},
		{func(c *Config) { c.Workers = 0 }, "collectors.workers: 0 is out of range; allowed: 1 to 256"},
		{func(c *Config) { c.Queue, c.ReceiveBuffer = 1, 1 },
			"collectors.receive_buffer: 1 is out of range; allowed: 4096 to 1073741824\ncollectors.queue: 1 is out of range; allowed: 524288 to 1073741824"},
		{func(c *Config) { c.MaxConnections, c.MaxExporters = 0, 0 },
			"collectors.max_connections: 0 is out of range; allowed: 1 to 1048576\ncollectors.max_exporters: 0 is out of range; allowed: 1 to 1048576"},
		{func(c *Config) { c.IdleTimeout, c.HandshakeTimeout = 0, 0 },
			"collectors.idle_timeout: 0s is out of range; allowed: 1s to 168h0m0s\ncollectors.handshake_timeout: 0s is out of range; allowed: 100ms to 10m0s"},
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("the default configuration: %v", err)
	}
	for _, test := range tests {
		c := DefaultConfig()
		test.change(&c)
		if err := c.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}
