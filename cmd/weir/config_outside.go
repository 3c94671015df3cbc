package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/cmd/weir/internal/config"
)

// outside tries what a configuration asks of the machine.
type outside struct {
	cfg  *config.Loaded
	errs []error
	// running is the process of a weir that has some of the ports, if one has.
	running string
}

// check tries everything, and reports all that does not work.
func (o *outside) check(ctx context.Context) error {
	o.ports(o.cfg.Collectors.CheckPorts(ctx))
	if err := o.cfg.Enrich.Check(); err != nil {
		o.fault(fmt.Errorf("enrich.%w", err))
	}
	data := checkFolder("data_dir", o.cfg.DataDir)
	o.fault(data)
	for _, s := range o.cfg.Sinks() {
		if s.Kind != "local" {
			continue
		}
		key := "index.local.path"
		if s.Target != "" {
			key = "index.outputs"
		}
		path := o.cfg.Local(s).Path
		if data == nil || path != filepath.Join(o.cfg.DataDir, "flows") { // else it is the same fault
			o.fault(checkFolder(key, path))
		}
	}
	o.fault(o.cfg.Check())
	if _, err := newSinks(o.cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), io.Discard); err != nil {
		o.fault(err)
	}
	if o.cfg.HTTP.Listen != "" {
		o.http(ctx, o.cfg.HTTP.Listen)
	}
	return errors.Join(o.errs...)
}

// fault notes a fault per line of an error.
func (o *outside) fault(err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		o.errs = append(o.errs, errors.New(o.cfg.Explain(strings.TrimSuffix(line, "\n"))))
	}
}

// holder is how the collector names the process that has a port.
var holder = regexp.MustCompile(`address already in use; process ([0-9]+) \(([^)]*)\) has `)

// ports notes what is wrong with the collector's ports. One that a running weir
// has is as it should be: people check a changed configuration before they
// restart it.
func (o *outside) ports(err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		if m := holder.FindStringSubmatch(line); m != nil && isWeir(m[2]) {
			o.running = m[1]
			continue
		}
		o.fault(errors.New(line))
	}
}

// isWeir reports whether a process with this name, as the kernel has it, runs
// this program.
func isWeir(name string) bool {
	const most = 15 // letters that the kernel keeps
	self, err := os.Executable()
	if err != nil {
		return false
	}
	self = filepath.Base(self)
	return name == self[:min(most, len(self))]
}

// http tries the port of metrics and health.
func (o *outside) http(ctx context.Context, address string) {
	var listen net.ListenConfig
	socket, err := listen.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		if err := socket.Close(); err != nil {
			o.fault(fmt.Errorf("http.listen: %w", err))
		}
	case errors.Is(err, unix.EADDRINUSE) && o.running != "" && servesWeir(ctx, address):
	default:
		o.fault(fmt.Errorf("http.listen: %q cannot be listened on: %w; allowed: a free host:port, or none", address, err))
	}
}

// servesWeir reports whether a weir serves its metrics at an address.
func servesWeir(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return err == nil && bytes.Contains(text, []byte("\nweir_build_info{"))
}

// checkFolder looks whether a folder is there, or can be made, and may be written
// to. It makes nothing.
func checkFolder(key, folder string) error {
	const allowed = "allowed: a folder that can be written to, or made"
	for at := filepath.Clean(folder); ; at = filepath.Dir(at) {
		about, err := os.Stat(at)
		if errors.Is(err, os.ErrNotExist) && at != filepath.Dir(at) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %q: %w; %s", key, folder, err, allowed)
		}
		if !about.IsDir() {
			return fmt.Errorf("%s: %q: %s is no folder; %s", key, folder, at, allowed)
		}
		if err := unix.Access(at, unix.W_OK); err != nil {
			return fmt.Errorf("%s: %q: %s cannot be written to: %w; %s", key, folder, at, err, allowed)
		}
		return nil
	}
}
