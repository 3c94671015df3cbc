package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/replay"
)

func newReplay() *cobra.Command {
	cfg := replay.DefaultConfig()
	var asJSON bool
	c := &cobra.Command{
		Use:   "replay FILE... --to udp://host:port",
		Short: "Send the datagrams of capture files again",
		Long: "Sends the export datagrams of capture files over UDP, in order and at an even pace, and prints a summary.\n" +
			"--to may be given several times to send protocols to different places, as in\n" +
			"--to netflow9=udp://127.0.0.1:9995 --to sflow=udp://127.0.0.1:6343.\n\n" +
			"Exit status: 0 when everything was sent, 1 when something was not.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			cfg.Files = files
			bar := newBar(c.ErrOrStderr(), "datagrams", time.Now)
			cfg.Progress = func(s replay.Summary) { bar.show(int64(s.Datagrams), 0) }
			return runReplay(ctx, cfg, bar, asJSON, c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringArrayVar(&cfg.To, "to", nil, "where to send: udp://host:port, or PROTOCOL=udp://host:port; repeatable")
	f.Float64Var(&cfg.Rate, "rate", cfg.Rate, "datagrams per second; 0 is as fast as possible")
	f.IntVar(&cfg.Loop, "loop", cfg.Loop, "how often to send the files")
	f.BoolVar(&cfg.Realtime, "realtime", false, "keep the pauses of the capture instead of --rate")
	f.BoolVar(&asJSON, "json", false, "print the summary as JSON")
	c.MarkFlagsMutuallyExclusive("rate", "realtime")
	return c
}

func runReplay(ctx context.Context, cfg replay.Config, bar *bar, asJSON bool, out io.Writer) error {
	r, err := replay.New(cfg)
	if err != nil {
		return err
	}
	sum, err := r.Run(ctx)
	bar.clear()
	if asJSON {
		if encodeErr := json.NewEncoder(out).Encode(sum); encodeErr != nil {
			return encodeErr
		}
	} else if _, printErr := fmt.Fprintf(out, "%d datagrams, %d bytes, %.3f seconds, %d send errors, %d without a target\n",
		sum.Datagrams, sum.Bytes, sum.Seconds, sum.SendErrors, sum.Untargeted); printErr != nil {
		return printErr
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case err != nil:
		return err
	case sum.SendErrors > 0:
		return fmt.Errorf("%d datagrams could not be sent; the first: %w", sum.SendErrors, sum.FirstError())
	}
	return nil
}
