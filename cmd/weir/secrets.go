package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/stack"
)

func newSecrets() *cobra.Command {
	c := &cobra.Command{
		Use: "secrets", Short: "Make or show the passwords of a compose stack", Args: cobra.NoArgs,
		Long: "For the stacks in deployments/compose: makes the random passwords that their services use, and the files in which\n" +
			"each service takes them. A Weir that runs otherwise has no use for this command.",
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var dir string
	create := &cobra.Command{
		Use: "create " + strings.Join(stack.Products, "|"), Short: "Make what is missing", Args: cobra.ExactArgs(1),
		Long: "Makes the passwords, and the files that follow from them, in a folder per service. What is there stays, so that it\n" +
			"may run at each start. Files are 0400 and belong to the users of the services, which takes the superuser.",
		RunE: func(_ *cobra.Command, arguments []string) error {
			return stack.Create(stack.Config{Dir: dir, Product: arguments[0]}, stack.Dependencies{})
		},
	}
	show := &cobra.Command{
		Use: "show NAME", Short: "Print one password", Args: cobra.ExactArgs(1),
		Long: "Prints a password that was made: elastic for people at Kibana, admin for people at OpenSearch Dashboards.",
		RunE: func(c *cobra.Command, arguments []string) error {
			password, err := stack.Show(dir, arguments[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), password)
			return err
		},
	}
	for _, sub := range []*cobra.Command{create, show} {
		sub.Flags().StringVar(&dir, "dir", "/secrets", "the folder")
	}
	c.AddCommand(create, show)
	return c
}
