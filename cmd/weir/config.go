package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/cmd/weir/internal/config"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check or show the configuration", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with the configuration", Args: cobra.NoArgs,
		Long: "Reads the configuration as the collector does, and tries what it asks for: the ports are opened for a moment, and\n" +
			"certificates, rules and other files are read. Servers are not asked. Exit status: 0 when all is well, else 1.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			if err := checkOutside(c.Context(), loaded); err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			from := loaded.File
			if from == "" {
				from = "no configuration file"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "the configuration is good (%s)\n", from)
			return err
		},
	}
	var env bool
	show := &cobra.Command{
		Use: "show", Short: "Print the effective configuration, secrets masked", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if env {
				_, err := io.WriteString(c.OutOrStdout(), config.Env())
				return err
			}
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			text, err := loaded.Show()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	show.Flags().BoolVar(&env, "env", false, "list the environment variables instead")
	config.AddFlags(check.Flags())
	config.AddFlags(show.Flags())
	c.AddCommand(check, show)
	return c
}

// faults prints what is wrong, a line each.
func faults(out io.Writer, err error) error {
	if _, err := fmt.Fprintln(out, err); err != nil {
		return err
	}
	return status(exitError)
}

// checkOutside tries what the configuration asks of the machine, and reports all
// that does not work.
func checkOutside(ctx context.Context, cfg *config.Loaded) error {
	var errs []error
	explain := func(err error) {
		if err == nil {
			return
		}
		for line := range strings.Lines(err.Error()) {
			errs = append(errs, errors.New(cfg.Explain(strings.TrimSuffix(line, "\n"))))
		}
	}
	explain(cfg.Collectors.CheckPorts(ctx))
	if err := cfg.Enrich.Check(); err != nil {
		explain(fmt.Errorf("enrich.%w", err))
	}
	explain(checkFolder(cfg.DataDir))
	explain(cfg.Check())
	if _, err := newSinks(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), io.Discard); err != nil {
		explain(err)
	}
	if cfg.HTTP.Listen != "" {
		var listen net.ListenConfig
		socket, err := listen.Listen(ctx, "tcp", cfg.HTTP.Listen)
		if err != nil {
			explain(fmt.Errorf("http.listen: %q cannot be listened on: %w; allowed: a free host:port, or nothing", cfg.HTTP.Listen, err))
		} else if err := socket.Close(); err != nil {
			explain(fmt.Errorf("http.listen: %w", err))
		}
	}
	return errors.Join(errs...)
}

// checkFolder looks whether the data folder is there, or can be made, and may be
// written to. It makes nothing.
func checkFolder(folder string) error {
	const allowed = "allowed: a folder that can be written to, or made"
	for at := filepath.Clean(folder); ; at = filepath.Dir(at) {
		about, err := os.Stat(at)
		if errors.Is(err, os.ErrNotExist) && at != filepath.Dir(at) {
			continue
		}
		if err != nil {
			return fmt.Errorf("data_dir: %q: %w; %s", folder, err, allowed)
		}
		if !about.IsDir() {
			return fmt.Errorf("data_dir: %q: %s is no folder; %s", folder, at, allowed)
		}
		if err := unix.Access(at, unix.W_OK); err != nil {
			return fmt.Errorf("data_dir: %q: %s cannot be written to: %w; %s", folder, at, err, allowed)
		}
		return nil
	}
}
