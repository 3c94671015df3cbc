package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/config"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check or show the configuration", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with the configuration", Args: cobra.NoArgs,
		Long: "Reads the configuration as the collector does, and tries what it asks for: the ports are opened for a moment, and\n" +
			"certificates, rules and other files are read. Servers are not asked. Ports that a running weir has are no fault.\n" +
			"Exit status: 0 when all is well, else 1.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := loadConfig(c.Flags())
			if err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			o := outside{cfg: loaded}
			if err := o.check(c.Context()); err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			if o.running != "" {
				if _, err := fmt.Fprintf(c.ErrOrStderr(), "weir: note: weir runs as process %s and has ports of this configuration, so that they could not be tried\n", o.running); err != nil {
					return err
				}
			}
			for _, text := range loaded.Exposed() {
				if _, err := fmt.Fprintln(c.ErrOrStderr(), "weir: note: "+text); err != nil {
					return err
				}
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
