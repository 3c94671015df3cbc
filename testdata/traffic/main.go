// Command traffic writes the packet captures that the exporters in testdata are
// fed with, and the table of uniflows that is known to be in them.
//
//	go run ./testdata/traffic flows DIR   # DIR/flows.pcap and DIR/flows.json
//	go run ./testdata/traffic demo DIR    # DIR/demo-<part>.pcap and DIR/demo-<part>.json
//
// Both are deterministic: the same source gives the same bytes. The command opens
// no network socket and reads no clock.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: traffic flows|demo DIR")
	}
	switch what, dir := args[0], args[1]; what {
	case "flows":
		return write(dir, "flows", flows())
	case "demo":
		for _, part := range demo() {
			if err := write(dir, "demo-"+part.name, part.packets); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("unknown recipe %q: use flows or demo", what)
	}
}

// write stores the packets as DIR/name.pcap and their table as DIR/name.json.
func write(dir, name string, packets []packet) error {
	inOrder(packets)
	tab, err := tableOf(packets)
	if err != nil {
		return err
	}
	pcap, err := os.Create(filepath.Join(dir, name+".pcap"))
	if err != nil {
		return err
	}
	defer pcap.Close()
	if err := writePcap(pcap, packets); err != nil {
		return err
	}
	if err := pcap.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".json"), tab.json(), 0o644)
}
