package collector

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// A real exporter's IPFIX and NetFlow over TCP, and the same inside TLS by our own
// relay and by stunnel, give the known table exactly, through the real decoders.
// NetFlow v1 and v5 have no place for IPv6.
func TestSoftflowdOverStreams(t *testing.T) {
	softflowd, err := exec.LookPath("softflowd")
	if err != nil {
		lacking(t, "the softflowd command", err)
	}
	traffic, err := filepath.Abs("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, transport, version string }{
		{"tcp", "tcp", "10"}, {"tls", "tls", "10"}, {"stunnel", "tls", "10"}, {"tcp", "tcp", "9"}, {"tls", "tls", "9"}, {"tcp", "tcp", "5"}, {"tcp", "tcp", "1"},
	} {
		name, transport := x.name, x.transport
		t.Run(name+"-version-"+x.version, func(t *testing.T) {
			c, pool := tlsConfig(t)
			c.IPFIX = []string{transport + "://127.0.0.1:0"}
			var (
				mu    sync.Mutex
				table = map[string][2]uint64{}
				store = netflow.NewStore(netflow.DefaultConfig())
				ended = make(chan struct{}, 1)
			)
			r := startRig(t, c, func(d *Dependencies) {
				d.NewDecoder = func() MessageDecoder { return NewDecoder(store, sflow.DefaultConfig()) }
				d.SessionClosed = func(session uint64) { store.SessionClosed(session); ended <- struct{}{} }
				d.Output = func(_ context.Context, b *flow.Batch) {
					mu.Lock()
					defer mu.Unlock()
					for i := range b.Records() {
						if record := b.At(i); record.Kind == flow.KindFlow {
							sum(table, record.SourceIP, record.DestinationIP, record.SourcePort, record.DestinationPort,
								record.NetworkIANANumber, record.NetworkPackets, record.NetworkBytes)
						}
					}
					b.Release()
				}
			})
			to := r.addr()
			switch name {
			case "tls":
				to = terminate(t, to, &tls.Config{RootCAs: pool})
			case "stunnel":
				to = stunnel(t, to, c.TLS.Cert)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			command := exec.CommandContext(ctx, softflowd, "-d", "-a", "-r", "flows.pcap", "-v", x.version, "-P", "tcp", "-n", to,
				"-c", "none", "-p", filepath.Join(t.TempDir(), "pid"), "-m", "100000")
			command.Dir = traffic
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("softflowd: %v\n%s", err, out)
			}
			select {
			case <-ended:
			case <-ctx.Done():
				t.Fatal("softflowd's session did not end")
			}
			r.stop(t)
			if known := trafficTable(t, filepath.Join(traffic, "flows.json"), x.version != "1" && x.version != "5"); !maps.Equal(table, known) {
				t.Errorf("the sums by 5-tuple are\n%v\nwant\n%v\nlog:\n%s", table, known, r.log)
			}
		})
	}
}

// sum adds packets and bytes to a 5-tuple. ICMP has no ports in records, and
// types and codes in their place in the table.
func sum(table map[string][2]uint64, src, dst netip.Addr, srcPort, dstPort uint16, protocol uint8, packets, bytes uint64) {
	if protocol == 1 || protocol == 58 {
		srcPort, dstPort = 0, 0
	}
	key := fmt.Sprint(src, dst, srcPort, dstPort, protocol)
	table[key] = [2]uint64{table[key][0] + packets, table[key][1] + bytes}
}

// trafficTable reads what the exporter's traffic is known to hold.
func trafficTable(t *testing.T, path string, ipv6 bool) map[string][2]uint64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Flows []struct {
			Src, Dst       netip.Addr
			SrcPort        uint16 `json:"src_port"`
			DstPort        uint16 `json:"dst_port"`
			Protocol       uint8
			Packets, Bytes uint64
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	table := map[string][2]uint64{}
	for _, f := range file.Flows {
		if f.Src.Is6() && !ipv6 {
			continue
		}
		sum(table, f.Src, f.Dst, f.SrcPort, f.DstPort, f.Protocol, f.Packets, f.Bytes)
	}
	if len(table) == 0 {
		t.Fatalf("%s holds no flows", path)
	}
	return table
}

// terminate carries one clear-text connection into TLS with Go's client, and
// gives the address to connect to.
func terminate(t *testing.T, to string, config *tls.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	t.Cleanup(func() { listener.Close() })
	running.Go(func() {
		in, err := listener.Accept()
		if err != nil {
			return // the test ended before
		}
		defer in.Close()
		out, err := tls.Dial("tcp", to, config)
		if err != nil {
			t.Errorf("dialling the collector: %v", err)
			return
		}
		defer out.Close()
		if _, err := io.Copy(out, in); err != nil {
			t.Errorf("carrying into TLS: %v", err)
		}
	})
	return listener.Addr().String()
}
