// Command weir collects network flows: it takes NetFlow v5/v9, IPFIX and sFlow,
// keeps them in its own store or indexes them, and answers questions about them.
//
// This is the one place that wires the rooms together; what the rooms do is not
// done here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	_ "golang.org/x/crypto/x509roots/fallback" // authorities where the system has none, as in the container image
)

// version is set by the linker (make build).
var version = "unknown"

// The exit statuses.
const (
	exitOK          = 0
	exitError       = 1 // wrong usage, or reading or writing failed
	exitUndecodable = 3 // some of the input was not understood, or could not be read
)

// status is an error that is no more than an exit status: what there is to say
// has been said.
type status int

// Error names the status.
func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs a command line and gives its exit status.
func run(ctx context.Context, arguments []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(arguments)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var s status
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintln(errOut, "weir:", err)
	return exitError
}

// notNumber is how the parser of flags says that a value is no number.
var notNumber = regexp.MustCompile(`^invalid argument "(.*)" for "(?:-., )?(--[a-z-]+)" flag: strconv\.`)

func newRoot() *cobra.Command {
	root := newRun("weir")
	root.Long = "Weir collects NetFlow v5/v9, IPFIX and sFlow, enriches the flows, and keeps or indexes them.\n" +
		"Without a command it runs the collector; without a configured sink flows go to the embedded store in ./data/flows,\n" +
		"which weir query asks."
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if m := notNumber.FindStringSubmatch(err.Error()); m != nil {
			return fmt.Errorf("%s: %q is no number; see %s --help", m[2], m[1], c.CommandPath())
		}
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	root.Args = func(c *cobra.Command, arguments []string) error {
		if len(arguments) == 0 {
			return nil
		}
		meant := ""
		if list := c.SuggestionsFor(arguments[0]); len(list) > 0 {
			meant = "; did you mean " + strings.Join(list, " or ") + "?"
		}
		return fmt.Errorf("unknown command %q for %q%s; see %s --help", arguments[0], c.CommandPath(), meant, c.CommandPath())
	}
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(newRun("run"), newQuery(), newExport(), newImport(), newDecode(), newReplay(), newDoctor(), newSetup(), newConfig(), newKeystore(), newHealth(), newSecrets(), newVersion())
	return root
}

// interruptible gives a context that ends at the first SIGINT or SIGTERM. By then
// the signals have their usual effect again, so that a second one ends the
// process at once.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals) // before anybody sees that ctx has ended
		cancel()
	}()
	return ctx, cancel
}
