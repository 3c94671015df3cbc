package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

const usage = "usage: servers start [-keep] | stop | status | check  [elasticsearch] [elasticsearch9] [opensearch] [opensearch3]"

// run does what arguments ask and gives the exit status: 0, 1 when a server
// could not be started or does not run, 2 on wrong usage.
func run(ctx context.Context, arguments []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		fmt.Fprintln(stderr, usage)
		return 2
	}
	verb := arguments[0]
	flags := flag.NewFlagSet("servers "+verb, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprintln(stderr, usage) }
	keep := flags.Bool("keep", false, "keep the data of the run before (start only)")
	if err := flags.Parse(arguments[1:]); err != nil {
		return 2
	}
	servers, err := configure(flags.Args(), getenv)
	if err != nil {
		fmt.Fprintf(stderr, "servers: %v\n%s\n", err, usage)
		return 2
	}
	var act func(*server) (string, error)
	switch verb {
	case "start":
		act = func(s *server) (string, error) { return s.start(ctx, *keep, stderr) }
	case "stop":
		act = func(s *server) (string, error) { return s.stop(ctx) }
	case "status":
		act = func(s *server) (string, error) { return s.status(ctx) }
	case "check":
		act = func(s *server) (string, error) {
			jdk, err := s.findJDK()
			return "can be started with " + jdk, err
		}
	default:
		fmt.Fprintf(stderr, "servers: unknown verb %q\n%s\n", verb, usage)
		return 2
	}
	return each(servers, act, stdout, stderr)
}

// each acts on all servers at the same time and prints the answers in order.
func each(servers []*server, act func(*server) (string, error), stdout, stderr io.Writer) int {
	answers, errs := make([]string, len(servers)), make([]error, len(servers))
	var group sync.WaitGroup
	for i, s := range servers {
		group.Go(func() { answers[i], errs[i] = act(s) })
	}
	group.Wait()
	status := 0
	for i, s := range servers {
		if errs[i] != nil {
			fmt.Fprintf(stderr, "servers: %s %s: %v\n", s.product.name, s.version, errs[i])
			status = 1
			continue
		}
		fmt.Fprintf(stdout, "%s %s %s\n", s.product.name, s.version, answers[i])
	}
	return status
}

// configure gives the servers that names ask for, all of them when it is empty.
func configure(names []string, getenv func(string) string) ([]*server, error) {
	for _, name := range names {
		if !slices.ContainsFunc(products, func(p product) bool { return p.name == name }) {
			return nil, fmt.Errorf("no server is called %q", name)
		}
	}
	var servers []*server
	for _, p := range products {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		s, err := newServer(p, getenv)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}
