package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/indexer/elastic"
)

// setupTest is what weir setup test found out about a cluster.
type setupTest struct {
	Server string        `json:"server"`
	Steps  elastic.Steps `json:"steps"`
}

func newSetupTest() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "test", Short: "Try the connection to the servers, and what the user may do there", Args: cobra.NoArgs,
		Long: "Goes to each server of index.elasticsearch step by step, and changes nothing: URL, DNS, TCP, TLS, product and version,\n" +
			"credentials, privileges (with those that are missing), templates, and Kibana or OpenSearch Dashboards. Each step is a\n" +
			"line with OK, FAILED or --, which means that it could not be told; what failed comes with what to do.\n" +
			"Exit status: 0 when nothing failed, else 1.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			return runSetupTest(ctx, loaded, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object per server instead")
	config.AddFlags(c.Flags())
	return c
}

func runSetupTest(ctx context.Context, loaded *config.Loaded, asJSON bool, out io.Writer) error {
	list, err := elasticConfigs(loaded)
	if err != nil {
		return err
	}
	good := true
	for _, c := range list {
		t := setupTest{Server: elastic.Name(c), Steps: trySteps(ctx, c)}
		good = good && !t.Steps.Failed()
		if asJSON {
			e := json.NewEncoder(out)
			e.SetEscapeHTML(false)
			err = e.Encode(t)
		} else {
			err = t.print(out)
		}
		if err != nil {
			return err
		}
	}
	if !good {
		return status(exitError)
	}
	return nil
}

func trySteps(ctx context.Context, c elastic.Config) (steps elastic.Steps) {
	s, err := elastic.NewSetup(c, nil)
	if err != nil {
		steps.Bad("configuration", err.Error(), "weir config check tells more")
		return steps
	}
	defer s.Close()
	steps = s.Check(ctx)
	if c.Kibana.URL != "" {
		tryKibana(ctx, c, &steps)
	}
	return steps
}

// tryKibana goes to Kibana or OpenSearch Dashboards.
func tryKibana(ctx context.Context, c elastic.Config, steps *elastic.Steps) {
	access, err := c.KibanaAccess()
	target, err2 := url.Parse(c.Kibana.URL)
	if err == nil {
		err = err2
	}
	if err != nil {
		steps.Bad("kibana", err.Error(), "")
		return
	}
	steps.Good("kibana URL", c.Kibana.URL)
	if !elastic.Reach(ctx, target, access.Transport, steps) {
		return
	}
	in, done, err := newInstaller(c, nil)
	if err != nil {
		steps.Bad("kibana", err.Error(), "")
		return
	}
	defer done()
	p, err := in.Detect(ctx)
	if err != nil {
		steps.Bad("kibana", err.Error(), "")
		return
	}
	steps.Good("kibana", fmt.Sprintf("%s %s, %s", p.Name, p.Version, p.State))
	if _, _, err := in.Install(ctx, savedObjects(), nil, installDry); err != nil {
		steps.Bad("saved objects", err.Error(), "")
		return
	}
	steps.Good("saved objects", "can be read")
}

func (t *setupTest) print(out io.Writer) error {
	if _, err := fmt.Fprintln(out, t.Server); err != nil {
		return err
	}
	for _, x := range t.Steps {
		mark := "FAILED"
		switch {
		case x.OK:
			mark = "OK"
		case x.Skipped:
			mark = "--"
		}
		line := fmt.Sprintf("  %-28s %-6s  %s", x.Name, mark, x.Detail)
		if x.Advice != "" {
			line += "\n" + fmt.Sprintf("  %-28s %-6s  %s", "", "", x.Advice)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
