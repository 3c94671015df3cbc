package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/decode"
	"github.com/weirflow/weir/enrich"
)

// outBuffer is how many bytes of documents are written at once.
const outBuffer = 256 << 10

// decodeOptions are the flags of weir decode.
type decodeOptions struct {
	counters, options, bare bool
	summary, exporter       string
	ports                   []uint
	enrich                  enrich.Config
}

func newDecode() *cobra.Command {
	o := decodeOptions{enrich: enrich.DefaultConfig()}
	c := &cobra.Command{
		Use:   "decode FILE...",
		Short: "Print the flows in capture files as JSON documents",
		Long: "Reads pcap, pcapng, and files of one export payload or of several behind each other, each also gzipped,\n" +
			"and prints a JSON document for each flow record, in the order of the input. - is the standard input.\n" +
			"Files share the exporters' state: a file with templates goes before the one with their data.\n\n" +
			"Exporters in files without addresses are taken for 127.0.0.1. In files without times, flows keep the times\n" +
			"that they were sent with; sFlow, which sends none, gets the present time.\n\n" +
			"The summary goes to the standard error. Exit status: 0 when every byte was understood, 3 when something\n" +
			"was not (the summary lists it), 1 when reading or writing failed or the command line is wrong.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			return o.run(ctx, files, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.BoolVar(&o.counters, "counters", false, "print sFlow counter samples too")
	f.BoolVar(&o.options, "options", false, "print options records too")
	f.BoolVar(&o.bare, "no-enrich", false, "print what was sent, without anything added")
	f.StringVar(&o.summary, "summary", "text", "summary on the standard error: text, json or none")
	f.StringVar(&o.exporter, "exporter", "", "take this address for the exporter of everything")
	f.UintSliceVar(&o.ports, "port", nil, "read only what was sent to these ports; repeatable")
	f.StringVar(&o.enrich.Geo.Folder, "geoip", o.enrich.Geo.Folder, "folder of GeoIP databases; it need not exist")
	f.StringSliceVar(&o.enrich.Networks, "network", nil, "networks that are ours, beside private ones; repeatable")
	return c
}

// config checks the flags.
func (o *decodeOptions) config() (decode.Config, error) {
	cfg := decode.Config{Counters: o.counters, Options: o.options}
	switch o.summary {
	case "text", "json", "none":
	default:
		return cfg, fmt.Errorf("--summary: %q is unknown; allowed: text, json, none", o.summary)
	}
	if o.exporter != "" {
		addr, err := netip.ParseAddr(o.exporter)
		if err != nil {
			return cfg, fmt.Errorf("--exporter: %q is no IP address", o.exporter)
		}
		cfg.Exporter = addr
	}
	for _, port := range o.ports {
		if port > 65535 {
			return cfg, fmt.Errorf("--port: %d is no port; allowed: 0 to 65535", port)
		}
		cfg.Ports = append(cfg.Ports, uint16(port))
	}
	return cfg, nil
}

func (o *decodeOptions) run(ctx context.Context, files []string, out, errOut io.Writer) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	if !o.bare {
		// Databases are read once; following their changes is for the collector.
		o.enrich.Geo.CheckInterval = 0
		chain, err := enrich.New(o.enrich, enrich.Dependencies{
			Logger:     slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelError})),
			Registerer: prometheus.NewRegistry(),
		})
		if err != nil {
			return err
		}
		if err := chain.Start(ctx); err != nil {
			return err
		}
		defer chain.Close()
		cfg.Enrich = chain.Worker().Enrich
	}
	documents := bufio.NewWriterSize(out, outBuffer)
	d := decode.New(cfg, documents)
	failed := false
	for _, file := range files {
		err := d.File(ctx, file)
		var broken *decode.WriteError
		switch {
		case err == nil:
			continue
		case errors.As(err, &broken), ctx.Err() != nil:
			return o.stopped(err)
		}
		fmt.Fprintln(errOut, "weir:", err)
		failed = true
	}
	if err := documents.Flush(); err != nil {
		return o.stopped(&decode.WriteError{Err: err})
	}
	summary := d.Summary()
	if err := writeSummary(errOut, o.summary, &summary); err != nil {
		return err
	}
	switch {
	case failed:
		return status(exitError)
	case !summary.Clean():
		return status(exitUndecodable)
	}
	return nil
}

// stopped is what to say about an early end. A reader that has seen enough, such
// as head, is nothing to talk about.
func (o *decodeOptions) stopped(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return status(exitError)
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	return err
}

func writeSummary(out io.Writer, format string, s *decode.Summary) error {
	switch format {
	case "json":
		return json.NewEncoder(out).Encode(s)
	case "text":
		return s.WriteText(out)
	}
	return nil
}
