// Package service names what a packet header holds as numbers: IP protocols,
// services by protocol and port, and differentiated-services code points. The
// names come from registry files that are compiled in. It reads no other file
// and keeps no state.
package service

import (
	_ "embed" // the registry files
	"fmt"
	"strconv"
	"strings"
)

//go:generate go run ./gen

//go:embed services.tsv
var servicesTSV string

//go:embed protocols.tsv
var protocolsTSV string

// Protocol numbers that the room treats in a special way (IANA, Protocol
// Numbers).
const (
	ICMP     = 1
	TCP      = 6
	UDP      = 17
	DCCP     = 33
	IPv6ICMP = 58
	SCTP     = 132
	UDPLite  = 136
)

// HasPorts reports whether the protocol's header begins with two ports.
func HasPorts(protocol uint8) bool {
	switch protocol {
	case TCP, UDP, DCCP, SCTP, UDPLite:
		return true
	}
	return false
}

// Table holds the names. It is immutable and safe for concurrent use.
type Table struct {
	protocols [256]string
	dscp      [64]string
	numbers   map[string]uint8
	// Index into names by port; 0 is no name.
	tcp, udp, sctp [1 << 16]uint16
	names          []string
}

// New parses the registry files that are compiled in; an error means that the
// program was built from a damaged file.
func New() (*Table, error) { return parse(protocolsTSV, servicesTSV) }

func parse(protocols, services string) (*Table, error) {
	t := &Table{numbers: map[string]uint8{}, names: []string{""}}
	for i := range t.dscp {
		t.dscp[i] = dscpName(i)
	}
	for number, line := range rows(protocols) {
		f := strings.Split(line, "\t")
		n, err := strconv.ParseUint(f[0], 10, 8)
		if err != nil || len(f) != 3 || f[1] == "" {
			return nil, fmt.Errorf("protocols.tsv:%d: want number, keyword, meaning; got %q", number, line)
		}
		t.protocols[n] = f[1]
		t.numbers[f[1]] = uint8(n)
	}
	seen := map[string]uint16{"-": 0}
	for number, line := range rows(services) {
		f := strings.Split(line, "\t")
		port, err := strconv.ParseUint(f[0], 10, 16)
		if err != nil || len(f) != 4 {
			return nil, fmt.Errorf("services.tsv:%d: want port, tcp, udp, sctp; got %q", number, line)
		}
		for i, column := range []*[1 << 16]uint16{&t.tcp, &t.udp, &t.sctp} {
			at, ok := seen[f[i+1]]
			if !ok {
				if len(t.names) == 1<<16 {
					return nil, fmt.Errorf("services.tsv:%d: more than 65535 names", number)
				}
				at = uint16(len(t.names))
				seen[f[i+1]] = at
				t.names = append(t.names, f[i+1])
			}
			column[port] = at
		}
	}
	return t, nil
}

// rows yields the lines that hold data, with their line numbers from 1.
func rows(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(number, line) {
				return
			}
		}
	}
}

// Protocol is the keyword of an IP protocol in lower case, or "" when the
// number is not assigned.
func (t *Table) Protocol(number uint8) string { return t.protocols[number] }

// Number is the number of a protocol keyword in lower case.
func (t *Table) Number(keyword string) (uint8, bool) {
	n, ok := t.numbers[keyword]
	return n, ok
}

// Name is the service that is registered for the port, or "". UDP-Lite shares
// UDP's registrations (RFC 3828 section 7); DCCP has none here.
func (t *Table) Name(protocol uint8, port uint16) string {
	switch protocol {
	case TCP:
		return t.names[t.tcp[port]]
	case UDP, UDPLite:
		return t.names[t.udp[port]]
	case SCTP:
		return t.names[t.sctp[port]]
	}
	return ""
}

// DSCP is the name of the code point in the upper six bits of a type-of-service
// octet, or its number as text when it has none.
func (t *Table) DSCP(tos uint8) string { return t.dscp[tos>>2] }

// dscpName builds the names of RFC 2474 (class selectors), RFC 2597 (assured
// forwarding), RFC 3246 (EF), RFC 5865 (VOICE-ADMIT) and RFC 8622 (LE).
func dscpName(code int) string {
	class, drop := code>>3, code>>1&3
	switch {
	case code&7 == 0:
		return "CS" + strconv.Itoa(class)
	case code&1 == 0 && class >= 1 && class <= 4:
		return "AF" + strconv.Itoa(class) + strconv.Itoa(drop)
	case code == 1:
		return "LE"
	case code == 44:
		return "VOICE-ADMIT"
	case code == 46:
		return "EF"
	}
	return strconv.Itoa(code)
}
