// Command weir-demo shows Weir at work: it starts `weir` with nothing
// configured but free ports, has `weir replay` send recorded exports of real
// exporters to them, asks the embedded store with `weir query`, and leaves Weir
// running until Ctrl-C. `make demo` runs it. Its data is in a temporary folder
// and goes with it.
//
// With -elasticsearch it does something else: it fills an Elasticsearch or
// OpenSearch with made-up records of the last day, for a look at the boards of
// Kibana and OpenSearch Dashboards without any exporter.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ports are where routers send by default.
var ports = []struct {
	protocol string
	port     int
}{{"netflow5", 2055}, {"netflow9", 9995}, {"ipfix", 4739}, {"sflow", 6343}}

// options are the flags.
type options struct {
	weir, exports string
	rate          float64
	// exit ends the demo after the answers instead of at Ctrl-C.
	exit bool
	// elasticsearch is the URL of a server to fill, namespace that of its data
	// streams.
	elasticsearch, namespace string
	seed                     uint64
	conversations            int
}

func main() {
	var o options
	flag.StringVar(&o.weir, "weir", "./build/weir", "the program")
	flag.StringVar(&o.exports, "exports", "testdata/exports", "folder with the captures to send, *-demo.pcap*")
	flag.Float64Var(&o.rate, "rate", 200, "datagrams per second")
	flag.BoolVar(&o.exit, "exit", os.Getenv("DEMO_EXIT") == "1" || !terminal(os.Stdout),
		"end after the answers; by default so when DEMO_EXIT=1, and where there is no terminal")
	flag.StringVar(&o.elasticsearch, "elasticsearch", "", "fill the Elasticsearch or OpenSearch at this URL with made-up records instead")
	flag.StringVar(&o.namespace, "namespace", "demo", "with -elasticsearch: namespace of the data streams")
	flag.Uint64Var(&o.seed, "seed", 1, "with -elasticsearch: other seeds make up other records")
	flag.IntVar(&o.conversations, "conversations", 15_000, "with -elasticsearch: how many conversations to make up; each is two flows, about")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	act := run
	if o.elasticsearch != "" {
		act = fillServer
	}
	if err := act(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "weir-demo:", err)
		os.Exit(1)
	}
}

func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// run shows everything on out.
func run(ctx context.Context, o options, out, errOut io.Writer) (err error) {
	files, err := filepath.Glob(filepath.Join(o.exports, "*-demo.pcap*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no captures *-demo.pcap* in %s", o.exports)
	}
	if o.weir, err = filepath.Abs(o.weir); err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "weir-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	var targets, names []string
	arguments := []string{"--data-dir", data, "--http-listen", "none", "--log-format", "json"}
	for _, p := range ports {
		port, err := freePort(p.port)
		if err != nil {
			return err
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		arguments = append(arguments, "--collector-port", "udp://"+address)
		targets = append(targets, "--to", p.protocol+"=udp://"+address)
		names = append(names, fmt.Sprint(p.protocol, " ", port))
	}
	geoip, err := filepath.Abs("data/geoip") // what make geoip has built, if anything
	if err != nil {
		return err
	}
	c, err := start(o.weir, data, []string{"WEIR_ENRICH_GEO_FOLDER=" + geoip}, arguments, errOut)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.listening(ctx, len(ports)); err != nil {
		return err
	}
	fmt.Fprintf(out, "weir listens on UDP, 127.0.0.1: %s\n", strings.Join(names, ", "))
	fmt.Fprintf(out, "weir replay sends what real exporters recorded, %d files\n\n", len(files))
	if err := command(ctx, io.Discard, errOut, o.weir, append(append([]string{"replay", "--rate", fmt.Sprint(o.rate)}, targets...), files...)...); err != nil {
		return err
	}
	store := filepath.Join(data, "flows")
	if err := settled(ctx, o.weir, store); err != nil {
		return err
	}
	fmt.Fprintf(out, "$ weir query\n\n")
	if err := command(ctx, out, errOut, o.weir, "query", "--data", store); err != nil {
		return err
	}
	if o.exit {
		return nil
	}
	fmt.Fprintf(out, "\nWeir runs on until Ctrl-C. In another terminal:\n  ./build/weir query --data %s --by source.ip,destination.port --top 5\n  ./build/weir query --data %s --newest 20 --filter 'flow.category:Web and network.bytes > 10000'\n", store, store)
	select {
	case <-ctx.Done():
		return nil
	case <-c.ended:
		return errors.New("weir has ended")
	}
}

// command runs a program to its end.
func command(ctx context.Context, out, errOut io.Writer, program string, arguments ...string) error {
	c := exec.CommandContext(ctx, program, arguments...)
	c.Stdout, c.Stderr = out, errOut
	if err := c.Run(); err != nil {
		return fmt.Errorf("weir %s: %w", arguments[0], err)
	}
	return nil
}

const (
	// settleInterval is the time between two looks at the number of flows, which
	// must have stayed the same for settleLooks looks.
	settleInterval = 200 * time.Millisecond
	settleLooks    = 3
)

// settled waits until no more flows arrive in the store.
func settled(ctx context.Context, weir, store string) error {
	again := time.NewTicker(settleInterval)
	defer again.Stop()
	for last, same := int64(0), 0; same < settleLooks; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
		var text bytes.Buffer
		if err := command(ctx, &text, io.Discard, weir, "query", "--data", store, "--count", "--json"); err != nil {
			continue // nothing is there yet
		}
		var answer struct {
			Total struct{ Count int64 }
		}
		if err := json.Unmarshal(text.Bytes(), &answer); err != nil {
			return err
		}
		if same++; answer.Total.Count != last || last == 0 {
			last, same = answer.Total.Count, 0
		}
	}
	return nil
}

// freePort gives a protocol's usual port, or another one when it is in use.
func freePort(usual int) (int, error) {
	for _, port := range []int{usual, 0} {
		conn, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			defer conn.Close()
			return conn.LocalAddr().(*net.UDPAddr).Port, nil
		}
	}
	return 0, errors.New("no UDP port is free on 127.0.0.1")
}
