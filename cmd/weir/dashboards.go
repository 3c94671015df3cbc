package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/dashboards/kibana"
	"github.com/weirflow/weir/dashboards/kibana/install"
	"github.com/weirflow/weir/indexer/elastic"
)

// savedObjects gives the data views, searches and dashboards, NDJSON. Tests have
// fewer of them.
var savedObjects = kibana.Objects

// installDry changes nothing.
var installDry = install.Options{DryRun: true}

// dashboardsReport is what the saved objects came to.
type dashboardsReport struct {
	Product string `json:"product"`
	Version string `json:"version"`
}

// newInstaller makes the client of the Kibana that a cluster's configuration
// names.
func newInstaller(c elastic.Config, log *slog.Logger) (*install.Installer, func(), error) {
	access, err := c.KibanaAccess()
	if err != nil {
		return nil, nil, err
	}
	in, err := install.New(install.Config{URL: c.Kibana.URL, Authorization: access.Authorization, Space: c.Kibana.Space},
		install.Dependencies{Transport: access.Transport, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	return in, access.Transport.CloseIdleConnections, nil
}

// installDashboards imports the saved objects, and adds what became of them to
// the report.
func installDashboards(ctx context.Context, s *elastic.Setup, c elastic.Config, r *setupResult, overwrite, dry bool) error {
	in, done, err := newInstaller(c, nil)
	if err != nil {
		return err
	}
	defer done()
	p, err := in.Detect(ctx)
	if err != nil {
		return err
	}
	r.Dashboards.Product, r.Dashboards.Version = p.Name, p.Version
	name := "saved_objects/" + p.Name + "/" + c.Kibana.Space
	raw, err := s.Note(ctx, name)
	if err != nil {
		return fmt.Errorf("read what is remembered about the saved objects: %w", err)
	}
	var notes install.Notes
	if raw != nil && json.Unmarshal(raw, &notes) != nil {
		notes = nil // somebody has changed them: nothing is remembered
	}
	results, after, err := in.Install(ctx, savedObjects(), notes, install.Options{Overwrite: overwrite, DryRun: dry})
	send := false
	for _, x := range results {
		title := x.ID
		if x.Title != "" {
			title += " (" + x.Title + ")"
		}
		r.Add(x.Type, title, elastic.Outcome(x.Outcome), x.Detail)
		send = send || x.Outcome == install.Created || x.Outcome == install.Updated
	}
	if err != nil {
		return err
	}
	if dry {
		if send {
			r.Requests = append(r.Requests, elastic.Request{Method: http.MethodPost, Path: in.ImportURL()})
		}
		return nil
	}
	if err := s.SetNote(ctx, name, after); err != nil {
		return fmt.Errorf("remember the saved objects: %w", err)
	}
	return nil
}

// keepTrying has the dashboards of every cluster imported that sets itself up and
// has a Kibana. Kibana may come up later than the collector, so that it tries
// until it has worked; flows never wait for it.
func keepTrying(ctx context.Context, loaded *config.Loaded, log *slog.Logger) {
	list, err := elasticConfigs(loaded)
	if err != nil {
		return
	}
	for _, c := range list {
		if !c.SetsUp() || c.Kibana.URL == "" {
			continue
		}
		for pause := 5 * time.Second; ctx.Err() == nil; pause = min(2*pause, 10*time.Minute) {
			r, err := tryDashboards(ctx, c)
			if err == nil {
				logDashboards(log, r)
				break
			}
			log.Warn("the dashboards cannot be imported yet", "error", err, "retry_in", pause)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

func tryDashboards(ctx context.Context, c elastic.Config) (*setupResult, error) {
	s, err := elastic.NewSetup(c, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r := &setupResult{Dashboards: &dashboardsReport{}}
	if r.Product, r.Version, err = s.Product(ctx); err != nil {
		return nil, err
	}
	return r, installDashboards(ctx, s, c, r, false, false)
}

func logDashboards(log *slog.Logger, r *setupResult) {
	for _, x := range r.Results {
		switch x.Outcome {
		case elastic.Kept, elastic.Failed:
			log.Warn("saved object "+string(x.Outcome), "type", x.Kind, "name", x.Name, "reason", x.Detail)
		}
	}
	log.Info("the dashboards are there", "product", r.Dashboards.Product, "version", r.Dashboards.Version,
		"created", r.Count(elastic.Created), "updated", r.Count(elastic.Updated), "kept", r.Count(elastic.Kept), "failed", r.Count(elastic.Failed))
}
