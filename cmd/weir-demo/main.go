// Command weir-demo shows the collector at work: it starts `weir`, has `weir
// replay` send recorded exports of real exporters to its UDP ports, shows the
// documents that come out, and sums them up. `make demo` runs it.
package main

import (
	"bufio"
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
	"syscall"
	"time"
)

// ports are where routers send by default.
var ports = []struct {
	protocol string
	port     int
}{{"netflow5", 2055}, {"netflow9", 9995}, {"ipfix", 4739}, {"sflow", 6343}}

func main() {
	weir := flag.String("weir", "./build/weir", "the collector's program")
	exports := flag.String("exports", "testdata/exports", "folder with the captures to send, *-demo.pcap*")
	rate := flag.Float64("rate", 200, "datagrams per second")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *weir, *exports, *rate, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "weir-demo:", err)
		os.Exit(1)
	}
}

// run shows everything on out.
func run(ctx context.Context, weir, exports string, rate float64, out io.Writer) error {
	files, err := filepath.Glob(filepath.Join(exports, "*-demo.pcap*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no captures *-demo.pcap* in %s", exports)
	}
	data, err := os.MkdirTemp("", "weir-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)

	args := []string{"--data-dir", data, "--http-listen", "none", "--log-format", "json", "--output", "ndjson:-"}
	var targets []string
	for _, p := range ports {
		port, err := freePort(p.port)
		if err != nil {
			return err
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		args = append(args, "--collector-port", "udp://"+address)
		targets = append(targets, "--to", p.protocol+"=udp://"+address)
		fmt.Fprintf(out, "%-9s udp://%s\n", p.protocol, address)
	}
	collector := exec.Command(weir, args...)
	documents, err := collector.StdoutPipe()
	if err != nil {
		return err
	}
	logs, err := collector.StderrPipe()
	if err != nil {
		return err
	}
	if err := collector.Start(); err != nil {
		return fmt.Errorf("start the collector: %w", err)
	}
	listening, logged := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(logged)
		watch(logs, len(ports), listening, os.Stderr)
	}()
	view := newView(out)
	shown := make(chan error, 1)
	go func() { shown <- view.read(documents) }()

	select {
	case <-listening:
		err = replay(ctx, weir, append(append([]string{"replay", "--rate", fmt.Sprint(rate)}, targets...), files...))
	case <-logged:
		err = errors.New("the collector ended before it listened")
	case <-time.After(30 * time.Second):
		err = errors.New("the collector did not listen within 30 seconds")
	}
	// A graceful stop writes everything that was received; then its output ends.
	_ = collector.Process.Signal(syscall.SIGTERM)
	readErr := <-shown
	<-logged
	return errors.Join(err, readErr, collector.Wait(), view.summary())
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

// watch closes listening once the collector has logged that n endpoints are
// open, and passes warnings and errors on.
func watch(logs io.Reader, n int, listening chan<- struct{}, out io.Writer) {
	lines := bufio.NewScanner(logs)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Level, Msg string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Level == "WARN" || line.Level == "ERROR" {
			fmt.Fprintln(out, lines.Text())
		}
		if line.Msg == "listening" {
			if n--; n == 0 {
				close(listening)
			}
		}
	}
}

// replay sends the captures.
func replay(ctx context.Context, weir string, args []string) error {
	c := exec.CommandContext(ctx, weir, args...)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}
