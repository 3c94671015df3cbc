// Command record captures what an exporter sends: it binds a UDP port on loopback,
// runs a command, and writes the datagrams that arrive to a pcap file.
//
//	record -out FILE.pcap [-port 0] [-quiet 1s] [-limit 2m] -- COMMAND ARG…
//
// In the command's arguments {port} stands for the bound port. Recording ends when
// the command has ended and nothing came for -quiet; the command is stopped after
// -limit. The file has Ethernet frames with zero MAC addresses, as a capture on a
// loopback interface has; addresses, ports and times are the received ones.
// It binds 127.0.0.1 only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	set := flag.NewFlagSet("record", flag.ContinueOnError)
	out := set.String("out", "", "pcap file to write")
	port := set.Int("port", 0, "UDP port on 127.0.0.1; 0 takes a free one")
	quiet := set.Duration("quiet", time.Second, "silence after the command's end that ends the recording")
	limit := set.Duration("limit", 2*time.Minute, "longest run of the command")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *out == "" || set.NArg() == 0 {
		return errors.New("usage: record -out FILE.pcap [-port N] [-quiet D] [-limit D] -- COMMAND ARG…")
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadBuffer(8 << 20); err != nil {
		return err
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer file.Close()
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()

	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- runCommand(ctx, set.Args(), int(local.Port())) }()
	datagrams, err := record(conn, local, file, *quiet, ended)
	if err != nil {
		return err
	}
	if datagrams == 0 {
		return fmt.Errorf("%s sent nothing", set.Arg(0))
	}
	return file.Close()
}

func runCommand(ctx context.Context, args []string, port int) error {
	args = append([]string(nil), args...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{port}", strconv.Itoa(port))
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// record writes datagrams until ended has spoken and quiet has passed without one.
func record(conn *net.UDPConn, local netip.AddrPort, file *os.File, quiet time.Duration, ended <-chan error) (int, error) {
	w := pcapgo.NewWriter(file)
	if err := w.WriteFileHeader(65535+42, layers.LinkTypeEthernet); err != nil {
		return 0, err
	}
	buf := make([]byte, 65535)
	done, last := false, time.Now()
	for n := 0; ; {
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			return n, err
		}
		size, from, err := conn.ReadFromUDPAddrPort(buf)
		now := time.Now()
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if err == nil {
			n++
			last = now
			if err := writeDatagram(w, now, from, local, buf[:size]); err != nil {
				return n, err
			}
			continue
		}
		if !done {
			select {
			case err := <-ended:
				if err != nil {
					return n, err
				}
				done, last = true, now
			default:
			}
		} else if now.Sub(last) >= quiet {
			return n, nil
		}
	}
}

func writeDatagram(w *pcapgo.Writer, at time.Time, from, to netip.AddrPort, payload []byte) error {
	eth := &layers.Ethernet{SrcMAC: make(net.HardwareAddr, 6), DstMAC: make(net.HardwareAddr, 6), EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: from.Addr().Unmap().AsSlice(), DstIP: to.Addr().Unmap().AsSlice()}
	udp := &layers.UDP{SrcPort: layers.UDPPort(from.Port()), DstPort: layers.UDPPort(to.Port())}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, udp, gopacket.Payload(payload)); err != nil {
		return err
	}
	data := buf.Bytes()
	return w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(data), Length: len(data)}, data)
}
