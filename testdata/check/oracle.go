package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
)

// patience bounds each wait for a collector.
const patience = 10 * time.Second

// oracle plays the datagrams of a recording to nfdump's collector and sums what
// nfdump then lists per 5-tuple. It also returns how many records nfdump listed.
func oracle(pcap, protocol string) (map[key]sums, int, error) {
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(dir)
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	program := "nfcapd"
	if protocol == "sflow5" {
		program = "sfcapd"
	}
	cmd := exec.Command(program, "-b", "127.0.0.1", "-p", strconv.Itoa(port), "-w", dir, "-t", "3600", "-B", "4000000")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	err = errors.Join(play(pcap, port), cmd.Process.Signal(syscall.SIGTERM))
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return nil, 0, fmt.Errorf("%w; %s said: %s", err, program, log.String())
	}
	return dump(dir)
}

// play sends every datagram's payload to the port and waits until all are read.
func play(pcap string, port int) error {
	if err := await(func() bool { _, bound := queued(port); return bound }); err != nil {
		return fmt.Errorf("the collector did not bind its port: %w", err)
	}
	file, err := os.Open(pcap)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := pcapgo.NewReader(file)
	if err != nil {
		return err
	}
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		const headers = 14 + 20 + 8 // the recorder's Ethernet, IPv4 and UDP
		if len(data) < headers || binary.BigEndian.Uint16(data[12:]) != 0x0800 {
			return fmt.Errorf("%s: not a recording of UDP over IPv4", pcap)
		}
		if _, err := conn.Write(data[headers:]); err != nil {
			return err
		}
		if err := await(func() bool { n, _ := queued(port); return n < 100_000 }); err != nil {
			return err
		}
	}
	return await(func() bool { n, _ := queued(port); return n == 0 })
}

// await polls until the condition holds.
func await(ok func() bool) error {
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("gave up after %v", patience)
		}
	}
	return nil
}

// queued is the number of bytes waiting in the receive queue of the UDP port on
// 127.0.0.1, and whether somebody has bound it.
func queued(port int) (bytes uint64, bound bool) {
	data, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(data), "\n") {
		f := strings.Fields(line)
		if len(f) > 4 && f[1] == fmt.Sprintf("0100007F:%04X", port) {
			_, rx, _ := strings.Cut(f[4], ":")
			n, err := strconv.ParseUint(rx, 16, 64)
			return n, err == nil
		}
	}
	return 0, false
}

func freePort() (int, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port, nil
}

// dump sums and counts what nfdump prints of a folder of nfcapd files.
func dump(dir string) (map[key]sums, int, error) {
	text, err := exec.Command("nfdump", "-R", dir, "-6", "-N", "-q", "-o", "fmt:%sa,%da,%sp,%dp,%pr,%pkt,%byt").Output()
	if err != nil {
		return nil, 0, err
	}
	out, records := map[key]sums{}, 0
	for line := range strings.Lines(string(text)) {
		f := strings.Split(line, ",")
		if len(f) != 7 {
			continue // "No matching flows"
		}
		k, s, err := parseRow(f)
		if err != nil {
			return nil, 0, fmt.Errorf("nfdump's line %q: %w", line, err)
		}
		records++
		sum := out[k]
		out[k] = sums{sum.packets + s.packets, sum.bytes + s.bytes}
	}
	return out, records, nil
}

func parseRow(f []string) (key, sums, error) {
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	var k key
	var s sums
	src, err1 := netip.ParseAddr(f[0])
	dst, err2 := netip.ParseAddr(f[1])
	sport, err3 := strconv.ParseUint(f[2], 10, 16)
	dport, err4 := parsePort(f[3])
	proto, err5 := strconv.ParseUint(f[4], 10, 8)
	packets, err6 := strconv.ParseUint(f[5], 10, 64)
	octets, err7 := strconv.ParseUint(f[6], 10, 64)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return k, s, err
	}
	return key{src, dst, uint16(sport), dport, uint8(proto)}, sums{packets, octets}, nil
}

// parsePort reads a port, or ICMP's "type.code" as nfdump prints it.
func parsePort(s string) (uint16, error) {
	typ, code, dotted := strings.Cut(s, ".")
	n, err := strconv.ParseUint(typ, 10, 16)
	if err != nil || !dotted {
		return uint16(n), err
	}
	c, err := strconv.ParseUint(code, 10, 8)
	return uint16(n<<8 | c), err
}
