// Command gen writes services.tsv, the service names by port and transport, from
// the copy of IANA's registry that gopacket's layers package carries. The module
// version in go.mod fixes the result.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"github.com/gopacket/gopacket/layers"
)

func main() {
	log.SetFlags(0)
	var out bytes.Buffer
	out.WriteString("# Service names: port, TCP, UDP, SCTP; - where the registry names none.\n" +
		"# Source: IANA, Service Name and Transport Protocol Port Number Registry (public domain, CC0), registry of\n" +
		"# 2023-07-28 as carried by github.com/gopacket/gopacket/layers. Written by enrich/service/gen; DO NOT EDIT.\n")
	for port := range 1 << 16 {
		tcp, hasTCP := layers.TCPPortNames(layers.TCPPort(port))
		udp, hasUDP := layers.UDPPortNames(layers.UDPPort(port))
		sctp, hasSCTP := layers.SCTPPortNames(layers.SCTPPort(port))
		if !hasTCP && !hasUDP && !hasSCTP {
			continue
		}
		fmt.Fprintf(&out, "%d\t%s\t%s\t%s\n", port, column(tcp), column(udp), column(sctp))
	}
	if err := os.WriteFile("services.tsv", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func column(name string) string {
	if name == "" {
		return "-"
	}
	return name
}
