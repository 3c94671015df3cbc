// Package service is the running collector: it puts the rooms together, starts
// them from the end of a record's way to its beginning, and stops them the other
// way round, so that nothing that was received is lost.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/cmd/weir/internal/report"
	"github.com/weirflow/weir/cmd/weir/internal/status"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/enrich"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer"
)

// Config is the rooms' configuration, checked.
type Config struct {
	// DataDir is the folder for Weir's own files; it is made when it is missing.
	DataDir string
	// StopTimeout is how long a graceful stop may take.
	StopTimeout time.Duration
	// HTTPListen is the address of metrics and health, empty for none.
	HTTPListen string
	Collectors collector.Config
	NetFlow    netflow.Config
	Enrich     enrich.Config
	Index      indexer.Config
	// Reports has documents about exporters and the collector handed to the sinks;
	// Report says how often.
	Reports bool
	Report  report.Config
}

// Dependencies is what the service works with; all are required.
type Dependencies struct {
	Logger   *slog.Logger
	Registry *prometheus.Registry
	// Sinks are where records go; the service starts and closes them.
	Sinks []indexer.Sink
	// Reopen asks for files to be opened anew, as SIGHUP does. May be nil.
	Reopen <-chan os.Signal
	// Now gives the time. Default: time.Now.
	Now func() time.Time
	// Version is the program's, for the documents about the collector.
	Version string
}

// saveInterval is the time between two saves of the templates.
const saveInterval = time.Minute

// batchRecords is how many records go through enrichment and to the sinks at
// once.
const batchRecords = 512

// Service is the running collector. Run is called once.
type Service struct {
	cfg       Config
	deps      Dependencies
	log       *slog.Logger
	store     *netflow.Store
	chain     *enrich.Chain
	index     *indexer.Indexer
	collector *collector.Collector
	status    *status.Server
	templates *templateFile
	reporter  *report.Reporter // nil for none
}

// New puts the rooms together. It opens nothing.
func New(cfg Config, d Dependencies) (*Service, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Service{cfg: cfg, deps: d, log: d.Logger, store: netflow.NewStore(cfg.NetFlow)}
	var err error
	if s.templates, err = newTemplateFile(filepath.Join(cfg.DataDir, "templates.json"), s.store, d); err != nil {
		return nil, err
	}
	if err = registerStore(d.Registry, s.store); err != nil {
		return nil, err
	}
	if s.chain, err = enrich.New(cfg.Enrich, enrich.Dependencies{Logger: d.Logger, Registerer: d.Registry}); err != nil {
		return nil, err
	}
	if s.index, err = indexer.New(cfg.Index, indexer.Dependencies{Logger: d.Logger, Registerer: d.Registry, Sinks: d.Sinks}); err != nil {
		return nil, err
	}
	s.collector, err = collector.New(cfg.Collectors, collector.Dependencies{
		Logger: d.Logger, Registerer: d.Registry,
		NewDecoder:    func() collector.MessageDecoder { return collector.NewDecoder(s.store, sflow.DefaultConfig()) },
		Enrich:        func() func(*flow.Batch) { return s.chain.Worker().Enrich },
		Output:        s.index.Put,
		Pool:          flow.NewPool(s.index.MaxBatches()+2*pipelines(cfg.Collectors), batchRecords),
		SessionClosed: s.store.SessionClosed,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Reports {
		host, _ := os.Hostname() // without one, documents have none
		if s.reporter, err = report.New(cfg.Report, report.Dependencies{Exporters: s.collector.Exporters, States: s.store.States,
			Gatherer: d.Registry, Put: s.index.Put, Host: host, Version: d.Version, Now: d.Now}); err != nil {
			return nil, err
		}
	}
	if cfg.HTTPListen != "" {
		s.status = status.New(status.Config{Listen: cfg.HTTPListen}, status.Dependencies{
			Logger: d.Logger, Gatherer: d.Registry,
			Checks: []status.Check{{Name: "index", Ready: s.index.Ready}},
		})
	}
	return s, nil
}

// pipelines is at least as many batches as the collector fills at the same time.
func pipelines(c collector.Config) int {
	endpoints := len(c.NetFlow5) + len(c.NetFlow9) + len(c.IPFIX) + len(c.SFlow)
	return c.Workers * (endpoints + 1)
}

// Run starts everything, runs until ctx ends, and stops gracefully. The error
// says what could not be started, or what a stop lost.
func (s *Service) Run(ctx context.Context) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	s.log.Info("running", "pid", os.Getpid())
	save := time.NewTicker(saveInterval)
	defer save.Stop()
	for {
		select {
		case <-save.C:
			s.store.Expire(s.deps.Now().UnixNano())
			s.templates.save()
		case <-s.deps.Reopen:
			if err := s.index.Reopen(); err != nil {
				s.log.Error("outputs could not be opened anew", "error", err)
			} else {
				s.log.Info("outputs opened anew")
			}
		case <-ctx.Done():
			return s.stop(context.WithoutCancel(ctx))
		}
	}
}

// start goes from the end of a record's way to its beginning. When something
// fails, what was started before it is stopped again.
func (s *Service) start(ctx context.Context) (err error) {
	var started []func(context.Context) error
	defer func() {
		if err == nil {
			return
		}
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.StopTimeout)
		defer cancel()
		for i := len(started) - 1; i >= 0; i-- {
			err = errors.Join(err, started[i](ending))
		}
	}()
	if err = os.MkdirAll(s.cfg.DataDir, 0o750); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	s.templates.load()
	if err = s.chain.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("enrich: %w", err)
	}
	started = append(started, func(context.Context) error { s.chain.Close(); return nil })
	if err = s.index.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	started = append(started, s.index.Close)
	if err = s.collector.Start(ctx); err != nil {
		return err
	}
	started = append(started, s.collector.Close)
	if s.reporter != nil {
		s.reporter.Start()
		started = append(started, s.reporter.Close)
	}
	if s.status != nil { // last, so that an answer means that the ports are open
		return s.status.Start(ctx)
	}
	return nil
}

// stop goes the other way: receive no more, decode what came, write it, and keep
// the templates.
func (s *Service) stop(ctx context.Context) error {
	s.log.Info("stopping", "timeout", s.cfg.StopTimeout)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StopTimeout)
	defer cancel()
	var errs []error
	type step struct {
		name  string
		close func(context.Context) error
	}
	steps := []step{{"collector", s.collector.Close}, {"index", s.index.Close}}
	if s.reporter != nil { // between them: it tells of what the collector has received
		steps = slices.Insert(steps, 1, step{"report", s.reporter.Close})
	}
	for _, step := range steps {
		if err := step.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping the %s: %w", step.name, err))
		}
	}
	s.chain.Close()
	if n := s.store.Held().Waiting; n > 0 {
		s.log.Warn("data that came before its templates is lost with the stop", "sets", n)
	}
	if !s.templates.save() {
		errs = append(errs, errors.New("the templates could not be saved"))
	}
	if s.status != nil {
		errs = append(errs, s.status.Close(ctx))
	}
	err := errors.Join(errs...)
	s.log.Info("stopped", "complete", err == nil)
	return err
}
