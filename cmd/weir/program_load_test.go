package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// load is a file of IPFIX messages with many different flows.
type load struct {
	path     string
	flows    uint64
	messages int
	bytes    uint64 // sum of octetDeltaCount
}

// flowsPerMessage keeps messages below an Ethernet frame.
const flowsPerMessage = 25

// newLoad writes a load of n flows, a multiple of flowsPerMessage. Flow i has
// the source address 10.0.0.0 + i and 1000+i octets.
func newLoad(t *testing.T, n int) load {
	t.Helper()
	// RFC 7011: elements and lengths of sourceIPv4Address, destinationIPv4Address,
	// the ports, protocolIdentifier, octetDeltaCount, packetDeltaCount,
	// flowStartMilliseconds, flowEndMilliseconds.
	elements := [][2]uint16{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 8}, {2, 8}, {152, 8}, {153, 8}}
	const recordBytes = 4 + 4 + 2 + 2 + 1 + 8 + 8 + 8 + 8
	be := binary.BigEndian
	l := load{path: filepath.Join(t.TempDir(), "load.ipfix"), flows: uint64(n), messages: n / flowsPerMessage}
	now := time.Now()
	var all []byte
	for m := range l.messages {
		at := len(all)
		all = be.AppendUint16(all, 10)
		all = be.AppendUint16(all, 0) // the length, below
		all = be.AppendUint32(all, uint32(now.Unix()))
		all = be.AppendUint32(all, uint32(m*flowsPerMessage))
		all = be.AppendUint32(all, 1)
		if m%100 == 0 {
			all = be.AppendUint16(all, 2)
			all = be.AppendUint16(all, uint16(8+4*len(elements)))
			all = be.AppendUint16(all, 256)
			all = be.AppendUint16(all, uint16(len(elements)))
			for _, e := range elements {
				all = be.AppendUint16(be.AppendUint16(all, e[0]), e[1])
			}
		}
		all = be.AppendUint16(all, 256)
		all = be.AppendUint16(all, 4+flowsPerMessage*recordBytes)
		for i := m * flowsPerMessage; i < (m+1)*flowsPerMessage; i++ {
			octets := uint64(1000 + i)
			l.bytes += octets
			all = be.AppendUint32(all, 10<<24+uint32(i))
			all = append(all, 192, 0, 2, byte(i))
			all = be.AppendUint16(be.AppendUint16(all, uint16(i)), 443)
			all = append(all, 6)
			all = be.AppendUint64(be.AppendUint64(all, octets), 3)
			all = be.AppendUint64(be.AppendUint64(all, uint64(now.UnixMilli()-1000)), uint64(now.UnixMilli()))
		}
		be.PutUint16(all[at+2:], uint16(len(all)-at))
	}
	if err := os.WriteFile(l.path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// sent is the outcome of sending a load.
type sent struct {
	err error
	// seconds is how long it took, without the start of the sender.
	seconds float64
}

// send has `weir replay` send the load at a rate in flows per second, and gives a
// channel that tells its end.
func (p *program) send(l load, rate int) <-chan sent {
	p.t.Helper()
	path, err := buildOnce()
	if err != nil {
		p.t.Fatal(err)
	}
	c := exec.Command(path, "replay", "--json", "--to", "udp://"+p.listening["udp"], "--rate", strconv.Itoa(rate/flowsPerMessage), l.path)
	end := make(chan sent, 1)
	go func() {
		text, err := c.Output()
		var summary struct {
			Datagrams int
			Seconds   float64
		}
		if err == nil {
			err = json.Unmarshal(text, &summary)
		}
		if err == nil && summary.Datagrams != l.messages {
			err = fmt.Errorf("%d datagrams were sent, want %d", summary.Datagrams, l.messages)
		}
		end <- sent{err, summary.Seconds}
	}()
	return end
}

// metric is the sum of the samples of a metric whose labels contain all the given
// texts, such as result="indexed".
func (p *program) metric(name string, labels ...string) (sum float64) {
	p.t.Helper()
	lines := bufio.NewScanner(strings.NewReader(p.get("/metrics")))
next:
	for lines.Scan() {
		series, text, _ := strings.Cut(lines.Text(), " ")
		found, set, _ := strings.Cut(series, "{")
		if found != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(set, l) {
				continue next
			}
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.t.Fatalf("%s: %v", lines.Text(), err)
		}
		sum += value
	}
	return sum
}

// until asks every 20 ms whether something holds, at most for a time.
func until(t *testing.T, most time.Duration, what string, holds func() bool) {
	t.Helper()
	again, limit := time.NewTicker(20*time.Millisecond), time.After(most)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("after %s, %s", most, what)
		}
	}
}
