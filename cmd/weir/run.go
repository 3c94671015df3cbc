package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/service"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/indexer"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/ndjson"
	"github.com/weirflow/weir/indexer/rollup"
)

func newRun(use string) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: "Run the collector", Args: cobra.NoArgs,
		Long: "Runs the collector until SIGTERM or SIGINT: then what was received is written, at most for shutdown_timeout.\n" +
			"A second signal ends it at once. SIGHUP opens the outputs' files anew.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return err
			}
			return runCollector(c.Context(), loaded, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	config.AddFlags(c.Flags())
	return c
}

// loadConfig reads the configuration of the collector that a command line asks
// for.
func loadConfig(flags *pflag.FlagSet) (*config.Loaded, error) {
	file, err := flags.GetString("config")
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = os.Getenv("WEIR_CONFIG")
	}
	return config.Load(config.Options{File: file, Search: configFolders, Environ: os.Environ(), Flags: flags, Collecting: true})
}

// configFolders are searched for weir.yml, in this order.
var configFolders = []string{".", "/etc/weir"}

func runCollector(ctx context.Context, cfg *config.Loaded, out, errOut io.Writer) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	log := newLogger(cfg.Log, errOut)
	registry := prometheus.NewRegistry()
	registry.MustRegister(buildInformation(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	sinks, err := newSinks(cfg, log, registry, out)
	if err != nil {
		return err
	}
	if len(sinks) > 1 {
		// The end of a pipe is one sink's fault; without others, it ends us.
		signal.Ignore(syscall.SIGPIPE)
	}
	reopen := make(chan os.Signal, 1)
	signal.Notify(reopen, syscall.SIGHUP)
	defer signal.Stop(reopen)
	s, err := newService(cfg, log, registry, sinks, reopen)
	if err != nil {
		return err
	}
	file := cfg.File
	if file == "" {
		file = "none"
	}
	for _, text := range cfg.Exposed() {
		log.Warn("a file with secrets is open to all: " + text)
	}
	log.Info("starting", "version", version, "configuration", file)
	var boards sync.WaitGroup
	aside, cancel := context.WithCancel(ctx)
	boards.Go(func() { keepTrying(aside, cfg, log) })
	err = s.Run(ctx)
	cancel()
	boards.Wait()
	return err
}

// newService puts the collector together; it opens nothing yet.
func newService(cfg *config.Loaded, log *slog.Logger, registry *prometheus.Registry, sinks []indexer.Sink, reopen <-chan os.Signal) (*service.Service, error) {
	return service.New(service.Config{
		DataDir: cfg.DataDir, StopTimeout: cfg.ShutdownTimeout, HTTPListen: cfg.HTTP.Listen,
		Collectors: cfg.Collectors, NetFlow: decoding(cfg), Enrich: cfg.Enrich, Index: cfg.Index.Queue,
		Reports: cfg.Reports(), Report: cfg.Index.Exporters,
	}, service.Dependencies{Logger: log, Registry: registry, Sinks: sinks, Reopen: reopen, Version: version})
}

// buildInformation is a metric with the build in its labels.
func buildInformation() prometheus.Gauge {
	b := thisBuild()
	information := prometheus.NewGauge(prometheus.GaugeOpts{Name: "weir_build_info", Help: "1, with the build in its labels.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "go": b.Go}})
	information.Set(1)
	return information
}

func newLogger(cfg config.Log, out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo // the configuration's check lets no such value pass
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// newSinks makes the sinks that the configuration asks for. They open nothing
// yet.
func newSinks(cfg *config.Loaded, log *slog.Logger, registry prometheus.Registerer, out io.Writer) ([]indexer.Sink, error) {
	var sinks []indexer.Sink
	for _, o := range cfg.Sinks() {
		var (
			sink indexer.Sink
			err  error
		)
		switch o.Kind {
		case "local":
			c := cfg.Local(o)
			// The label tells several stores apart.
			named := prometheus.WrapRegistererWith(prometheus.Labels{"sink": "local:" + c.Path}, registry)
			sink, err = local.NewSink(c, local.Dependencies{Logger: log, Registerer: named})
		case "ndjson":
			sink, err = ndjson.New(cfg.NDJSON(o), ndjson.Dependencies{Registerer: registry, Stdout: out})
		case "elasticsearch":
			sink, err = elastic.New(cfg.Elastic(o), elastic.Dependencies{Logger: log, Registerer: registry})
			if err == nil && cfg.Index.Rollup.Enabled {
				sink, err = rollup.New(cfg.Index.Rollup, rollup.Dependencies{Logger: log, Registerer: registry, Sink: sink})
			}
		default:
			err = fmt.Errorf("output %q is not known", o.Kind)
		}
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, sink)
	}
	return sinks, nil
}

// decoding is how to decode: options records come out when a sink wants them.
func decoding(cfg *config.Loaded) netflow.Config {
	d := cfg.Decode
	for _, o := range cfg.Sinks() {
		switch o.Kind {
		case "ndjson":
			d.EmitOptions = d.EmitOptions || cfg.Index.NDJSON.Options
		case "local":
			d.EmitOptions = d.EmitOptions || cfg.Index.Local.Options
		}
	}
	return d
}
