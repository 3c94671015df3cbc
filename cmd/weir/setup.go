package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/indexer/elastic"
)

// setupOptions are the flags of weir setup.
type setupOptions struct {
	overwrite, dryRun, json bool
	export                  string
	product, productVersion string
}

func newSetup() *cobra.Command {
	var o setupOptions
	c := &cobra.Command{
		Use: "setup", Short: "Set up Elasticsearch or OpenSearch, and its dashboards", Args: cobra.NoArgs,
		Long: "Brings the servers of index.elasticsearch, and of --output elasticsearch:URL, to what Weir needs: the policies that\n" +
			"delete old documents, component and index templates, data streams, and, once index.elasticsearch.kibana.url is set,\n" +
			"data views, saved searches and dashboards. Doing it again changes nothing. What a person has changed is kept, and said,\n" +
			"unless --overwrite is given; what an older Weir left is brought up to date. Data streams of an older Weir, which had no\n" +
			"retention, get theirs. A server that lacks a feature is no fault; a line says what that means.\n" +
			"Exit status: 0 when all is well, else 1.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			switch {
			case o.export != "":
				return o.exportAll(ctx, loaded, c.OutOrStdout())
			case o.product != "" || o.productVersion != "":
				return errors.New("--product and --product-version belong to --export")
			}
			return o.run(ctx, loaded, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.BoolVar(&o.overwrite, "overwrite", false, "replace also what a person has changed, and what a newer Weir made")
	f.BoolVar(&o.dryRun, "dry-run", false, "send nothing that changes something; print those requests instead")
	f.StringVar(&o.export, "export", "", "write everything to files in this folder, for use by hand, and send nothing")
	f.StringVar(&o.product, "product", "", "elasticsearch or opensearch, for --export; the servers are asked when it is not given")
	f.StringVar(&o.productVersion, "product-version", "", "version of the product, for --export, such as 8.19.0")
	f.BoolVar(&o.json, "json", false, "print a JSON object per server instead")
	config.AddFlags(f)
	c.AddCommand(newSetupTest())
	return c
}

// servers gives the configuration of each cluster that flows go to.
func elasticConfigs(loaded *config.Loaded) ([]elastic.Config, error) {
	var list []elastic.Config
	for _, o := range loaded.Sinks() {
		if o.Kind == "elasticsearch" {
			list = append(list, loaded.Elastic(o))
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no server is configured; set index.elasticsearch.urls, or give --output elasticsearch:URL")
	}
	return list, nil
}

// setupResult is what one server's setup printed as JSON.
type setupResult struct {
	Server string `json:"server"`
	elastic.SetupReport
	Dashboards *dashboardsReport `json:"dashboards,omitempty"`
	Error      string            `json:"error,omitempty"`
	DryRun     bool              `json:"dry_run,omitempty"`
}

func (o *setupOptions) run(ctx context.Context, loaded *config.Loaded, out, errOut io.Writer) error {
	list, err := elasticConfigs(loaded)
	if err != nil {
		return err
	}
	good := true
	for _, c := range list {
		r := o.one(ctx, c)
		if err := o.print(r, out, errOut); err != nil {
			return err
		}
		good = good && r.Error == "" && r.Count(elastic.Failed) == 0
	}
	if !good {
		return status(exitError)
	}
	return nil
}

// one sets up a cluster and its dashboards.
func (o *setupOptions) one(ctx context.Context, c elastic.Config) *setupResult {
	r := &setupResult{Server: elastic.Name(c), DryRun: o.dryRun}
	s, err := elastic.NewSetup(c, nil)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	defer s.Close()
	r.SetupReport, err = s.Run(ctx, elastic.SetupOptions{Overwrite: o.overwrite, DryRun: o.dryRun, Adopt: true})
	if err != nil {
		r.Error = err.Error()
		return r
	}
	if c.Kibana.URL == "" {
		return r
	}
	r.Dashboards = &dashboardsReport{}
	if err := installDashboards(ctx, s, c, r, o.overwrite, o.dryRun); err != nil {
		r.Add("saved objects", "", elastic.Failed, err.Error())
	}
	return r
}

func (o *setupOptions) print(r *setupResult, out, errOut io.Writer) error {
	if o.json {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	if r.Error != "" {
		_, err := fmt.Fprintf(errOut, "weir: %s: %s\n", r.Server, r.Error)
		return err
	}
	if o.dryRun {
		return o.printRequests(r, out)
	}
	if _, err := fmt.Fprintf(out, "%s: %s %s\n", r.Server, r.Product, r.Version); err != nil {
		return err
	}
	if err := r.Print(out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d created, %d updated, %d unchanged, %d kept, %d failed\n", r.Count(elastic.Created), r.Count(elastic.Updated),
		r.Count(elastic.Unchanged), r.Count(elastic.Kept), r.Count(elastic.Failed))
	if err == nil && r.Dashboards == nil {
		_, err = fmt.Fprintln(out, "No dashboards: index.elasticsearch.kibana.url is not set.")
	}
	return err
}

// printRequests prints what would be sent, in a form that Kibana's console and
// OpenSearch's Dev Tools take; remarks begin with #.
func (o *setupOptions) printRequests(r *setupResult, out io.Writer) error {
	_, err := fmt.Fprintf(out, "# %s: %s %s; nothing is sent\n", r.Server, r.Product, r.Version)
	for _, x := range r.Results {
		if err == nil && x.Outcome != elastic.Created && x.Outcome != elastic.Unchanged {
			_, err = fmt.Fprintf(out, "# %s: %s %s: %s\n", x.Outcome, x.Kind, x.Name, x.Detail)
		}
	}
	for _, q := range r.Requests {
		if err == nil {
			_, err = fmt.Fprintf(out, "%s %s\n", q.Method, q.Path)
		}
		if err == nil && len(q.Body) > 0 {
			_, err = fmt.Fprintf(out, "%s\n", q.Body)
		}
	}
	return err
}
