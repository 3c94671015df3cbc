package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/config"
)

// maxHealthAnswer is how many bytes of an answer are read; the collector's are
// far shorter.
const maxHealthAnswer = 16 << 10

func newHealth() *cobra.Command {
	var (
		ready   bool
		timeout time.Duration
	)
	c := &cobra.Command{
		Use: "health", Short: "Ask the running collector whether it is well", Args: cobra.NoArgs,
		Long: "Asks the collector that runs with this configuration, at http.listen, whether it lives (/healthz), or with --ready\n" +
			"whether it can take flows and write them (/readyz), and prints the answer. It is the health check of the container\n" +
			"image, which has no shell and no curl.\n" +
			"Exit status: 0 when it is well, 1 when it is not, does not answer, or the configuration is wrong.",
		RunE: func(c *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return fmt.Errorf("--timeout: %s is not above 0", timeout)
			}
			cfg, err := loadConfig(c.Flags())
			if err != nil {
				return faults(c.ErrOrStderr(), err)
			}
			targets, err := healthTargets(cfg.HTTP.Listen)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			text, err := askHealth(ctx, targets, ready)
			if err != nil {
				return err
			}
			_, err = io.WriteString(c.OutOrStdout(), text)
			return err
		},
	}
	config.AddFlags(c.Flags())
	c.Flags().BoolVar(&ready, "ready", false, "ask whether every sink can be written to, not only whether the process lives")
	c.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long the answer may take")
	return c
}

// healthTargets gives the addresses where a collector answers that listens on
// listen: loopback ones when it listens on all.
func healthTargets(listen string) ([]string, error) {
	if listen == "" {
		return nil, errors.New("http.listen: this configuration serves no health; name a host:port there")
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w; allowed: host:port", err)
	}
	if port == "" || port == "0" {
		return nil, fmt.Errorf("http.listen: the system chose the port of %s, so that it cannot be asked; name a port there", listen)
	}
	hosts := []string{host}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		hosts = []string{"127.0.0.1", "::1"}
	}
	for i, h := range hosts {
		hosts[i] = net.JoinHostPort(h, port)
	}
	return hosts, nil
}

// askHealth asks the targets in turn until one answers. The error says what is
// not well.
func askHealth(ctx context.Context, targets []string, ready bool) (string, error) {
	path, word := "/healthz", "ok\n"
	if ready {
		path, word = "/readyz", "ready\n"
	}
	// Proxies of the environment have no business on the way to ourselves.
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var errs []error
	for _, target := range targets {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target+path, nil)
		if err != nil {
			return "", err
		}
		answer, err := client.Do(request)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		text, err := io.ReadAll(io.LimitReader(answer.Body, maxHealthAnswer))
		_ = answer.Body.Close()
		switch {
		case err != nil:
			return "", fmt.Errorf("http://%s%s: %w", target, path, err)
		case answer.StatusCode == http.StatusServiceUnavailable:
			return "", fmt.Errorf("not ready: %s", strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "; "))
		case answer.StatusCode != http.StatusOK || string(text) != word:
			return "", fmt.Errorf("http://%s%s answers %q, which is not Weir's answer", target, path, answer.Status)
		}
		return string(text), nil
	}
	return "", fmt.Errorf("the collector does not answer: %w", errors.Join(errs...))
}
