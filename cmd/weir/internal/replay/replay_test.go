package replay

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// writePcap writes a capture of NetFlow v5 and v9 headers from two exporters.
func writePcap(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IPv4(10, 0, 0, byte(1+i%2)), DstIP: net.IPv4(10, 0, 0, 9)}
		udp := &layers.UDP{SrcPort: 1000, DstPort: 2055}
		_ = udp.SetNetworkLayerForChecksum(ip)
		payload := append([]byte{0, byte(5 + 4*(i%2)), 0, 0}, bytes.Repeat([]byte{byte(i)}, 20)...)
		buf := gopacket.NewSerializeBuffer()
		err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
			&layers.Ethernet{EthernetType: layers.EthernetTypeIPv4, SrcMAC: make(net.HardwareAddr, 6), DstMAC: make(net.HardwareAddr, 6)}, ip, udp, gopacket.Payload(payload))
		if err != nil {
			t.Fatal(err)
		}
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1000+int64(i), 0), CaptureLength: len(buf.Bytes()), Length: len(buf.Bytes())}
		if err := w.WritePacket(info, buf.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// receive listens on loopback and gives the address and what arrived.
func receive(t *testing.T) (string, *net.UDPConn) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return "udp://" + conn.LocalAddr().String(), conn
}

func TestRun(t *testing.T) {
	path := writePcap(t)
	five, fiveConn := receive(t)
	rest, restConn := receive(t)
	cfg := DefaultConfig()
	cfg.Files, cfg.To, cfg.Rate, cfg.Loop = []string{path}, []string{"netflow5=" + five, rest}, 0, 2
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Datagrams != 20 || sum.Bytes != 480 || sum.SendErrors != 0 || sum.Exporters != 2 {
		t.Errorf("summary %+v, want 20 datagrams of 480 bytes from 2 exporters", sum)
	}
	buf := make([]byte, 100)
	for i := range 10 {
		for version, conn := range map[byte]*net.UDPConn{5: fiveConn, 9: restConn} {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				t.Fatal(err)
			}
			want := netip.MustParseAddr("127.0.0.1")
			if version == 9 {
				want = netip.MustParseAddr("127.0.0.2")
			}
			if n != 24 || buf[1] != version || from.Addr() != want || int(buf[10]) != (2*i+int(version)/9)%10 {
				t.Errorf("datagram %d of version %d: % x from %s", i, version, buf[:n], from)
			}
		}
	}
}

func TestBadTargets(t *testing.T) {
	for _, to := range []string{"tcp://127.0.0.1:1", "udp://127.0.0.1", "x=udp://127.0.0.1:1", "127.0.0.1:1", "udp://127.0.0.1:99999", "udp://127.0.0.1:1/x"} {
		_, err := New(Config{Files: []string{"f"}, To: []string{to}, Loop: 1})
		if err == nil || !strings.Contains(err.Error(), to) {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, cfg := range []Config{{}, {Files: []string{"f"}}, {Files: []string{"f"}, To: []string{"udp://127.0.0.1:1"}}, {Files: []string{"f"}, To: []string{"udp://127.0.0.1:1", "udp://127.0.0.1:2"}, Loop: 1}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

func TestMissingFile(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Files, cfg.To = []string{"/nowhere/x.pcap"}, []string{"udp://127.0.0.1:9"}
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere/x.pcap") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pacer{rate: 500, begin: time.Now()}
		for range 1001 {
			if err := p.wait(t.Context(), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(p.begin); d != 2*time.Second {
			t.Errorf("1,001 datagrams at 500/s took %s, want 2s", d)
		}
		real := pacer{realtime: true}
		begin := time.Now()
		for i := range 4 {
			if err := real.wait(t.Context(), time.Unix(int64(100*i), 0)); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(begin); d != 300*time.Second {
			t.Errorf("5 minutes of capture took %s", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if real.wait(ctx, time.Unix(1e6, 0)) == nil {
			t.Error("a wait outlived its context")
		}
	})
}
