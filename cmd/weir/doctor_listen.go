package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/doctor"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/flow"
)

// listen looks at what comes in until the time is over or ctx ends.
func (o *doctorOptions) listen(ctx context.Context, d *doctor.Doctor, cfg *config.Loaded) (*doctor.Report, error) {
	ports, err := collector.New(cfg.Collectors, collector.Dependencies{
		Logger:        slog.New(slog.DiscardHandler),
		NewDecoder:    d.Decoder,
		Output:        func(_ context.Context, b *flow.Batch) { b.Release() },
		SessionClosed: d.SessionClosed,
	})
	if err != nil {
		return nil, err
	}
	if err := ports.Start(ctx); err != nil {
		return nil, explainPorts(err, cfg)
	}
	report := doctor.Report{Source: "listen", Began: time.Now(), Container: inContainer(), Gateway: defaultGateway()}
	for _, l := range ports.Addrs() {
		fmt.Fprintf(o.errOut, "listening on %s (%s)\n", l.Endpoint, l.Addr)
	}
	fmt.Fprintf(o.errOut, "for %s; Ctrl-C ends it early\n", o.length)
	stop := watch(o.errOut, d, o.length)
	timer := time.NewTimer(o.length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	report.Ended = time.Now()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
	defer cancel()
	err = ports.Close(closing)
	stop()
	if err != nil { // what was dropped at the end spoils nothing
		fmt.Fprintln(o.errOut, "weir:", err)
	}
	report.Listeners = listeners(ports)
	return d.Report(report), nil
}

// listeners tells of the open ports.
func listeners(ports *collector.Collector) (list []doctor.Listener) {
	receivers := ports.Receivers()
	for _, l := range ports.Addrs() {
		x := doctor.Listener{Endpoint: l.Endpoint.String(), Address: l.Addr.String(), Transport: l.Endpoint.Scheme}
		if l.Endpoint.Scheme == "udp" && len(receivers) > 0 {
			r := receivers[0]
			receivers = receivers[1:]
			x.BufferAsked, x.BufferGiven, x.KernelDrops = r.Asked, r.Granted, r.Drops
		}
		for _, t := range ports.Troubles() {
			if t.Endpoint.String() == x.Endpoint {
				x.Troubles = append(x.Troubles, doctor.Trouble{Reason: t.Reason, Connections: t.Count, Peer: t.Peer.String(), Detail: t.Detail, Advice: t.Advice})
			}
		}
		list = append(list, x)
	}
	return list
}

// explainPorts says what else to do when ports cannot be opened.
func explainPorts(err error, cfg *config.Loaded) error {
	if !errors.Is(err, unix.EADDRINUSE) {
		return err
	}
	advice := "the doctor needs the ports for itself, and most likely a running weir holds them. Instead:\n" +
		"  have an exporter send to another port too, and listen there: weir doctor --collector-port udp://:9996\n" +
		"  or record and read: tcpdump -ni any -s 0 -w exports.pcap 'udp port 2055', then weir doctor exports.pcap"
	if cfg.HTTP.Listen != "" {
		advice += "\n  or ask the one that runs: curl -s http://" + cfg.HTTP.Listen + "/metrics | grep -E '^weir_(collector|exporter)'"
	}
	return fmt.Errorf("%w\n%s", err, advice)
}

// inContainer tells whether this process runs inside a container, as far as that
// shows.
func inContainer() bool {
	for _, file := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(file); err == nil {
			return true
		}
	}
	return os.Getenv("KUBERNETES_SERVICE_HOST") != ""
}

// defaultGateway is where this machine's IPv4 packets leave; invalid when there is
// no such place.
func defaultGateway() netip.Addr {
	table, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return netip.Addr{}
	}
	for line := range strings.Lines(string(table)) {
		// Iface Destination Gateway ..., numbers in hexadecimal, low byte first
		fields := strings.Fields(line)
		var a uint32
		if len(fields) < 3 || fields[1] != "00000000" {
			continue
		}
		if _, err := fmt.Sscanf(fields[2], "%x", &a); err == nil && a != 0 {
			return netip.AddrFrom4([4]byte{byte(a), byte(a >> 8), byte(a >> 16), byte(a >> 24)})
		}
	}
	return netip.Addr{}
}
