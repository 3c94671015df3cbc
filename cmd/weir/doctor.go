package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/doctor"
)

// exitProblems is the exit status of a doctor that found problems.
const exitProblems = 4

// doctorOptions are the flags of weir doctor that are no configuration.
type doctorOptions struct {
	length        time.Duration
	asJSON, whole bool
	exporter      string
	ports         []uint
	out, errOut   io.Writer
}

func newDoctor() *cobra.Command {
	o := doctorOptions{length: time.Minute}
	c := &cobra.Command{
		Use:   "doctor [FILE...]",
		Short: "Tell what each exporter sends, and what is wrong with it",
		Long: "Listens on the configured ports for a minute (--for; Ctrl-C ends it early), or reads capture files, and tells of each\n" +
			"exporter its protocols, domains, templates, rates, sampling, losses, clock and names, and for each problem what\n" +
			"to do about it. Nothing is stored.\n\n" +
			"The ports must be free: stop weir meanwhile, or name another port with --collector-port, or record with\n" +
			"tcpdump -ni any -s 0 -w exports.pcap 'udp port 2055' and run weir doctor exports.pcap.\n\n" +
			"Exit status: 0 when there is no problem, 4 when there is one (hints are none), 1 when it could not look.",
		RunE: func(c *cobra.Command, files []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			o.out, o.errOut = c.OutOrStdout(), c.ErrOrStderr()
			return o.run(ctx, c.Flags(), files)
		},
	}
	f := c.Flags()
	f.DurationVar(&o.length, "for", o.length, "how long to listen")
	f.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
	f.BoolVar(&o.whole, "templates", false, "print every template with all its fields")
	f.StringVar(&o.exporter, "exporter", "", "of files: take this address for the exporter of everything")
	f.UintSliceVar(&o.ports, "port", nil, "of files: read only what was sent to these ports; repeatable")
	config.AddFlags(f)
	for _, name := range []string{"output", "data-dir", "http-listen", "log-level", "log-format"} {
		_ = f.MarkHidden(name) // the configuration's, of no use here
	}
	return c
}

func (o *doctorOptions) run(ctx context.Context, flags *pflag.FlagSet, files []string) error {
	reading, err := o.reading()
	switch {
	case err != nil:
		return err
	case len(files) == 0 && (flags.Changed("exporter") || flags.Changed("port")):
		return errors.New("--exporter and --port are for files; --collector-port says where to listen")
	case len(files) > 0 && (flags.Changed("for") || flags.Changed("collector-port")):
		return errors.New("--for and --collector-port are for listening; files are read to their end")
	case o.length <= 0:
		return fmt.Errorf("--for: %s is no time to listen; allowed: more than 0, such as 60s or 30m", o.length)
	}
	loaded, err := loadConfig(flags)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		loaded.Decode.TemplateLifetime = 0 // the files may be of different days
	}
	named, err := loaded.Enrich.Interfaces.Named()
	if err != nil {
		return err
	}
	d := doctor.New(doctor.Config{NetFlow: loaded.Decode, InterfaceNamed: named})
	var report *doctor.Report
	if len(files) > 0 {
		report, err = o.read(ctx, d, reading, files)
	} else {
		report, err = o.listen(ctx, d, loaded)
	}
	if err != nil {
		return err
	}
	return o.print(report)
}

func (o *doctorOptions) reading() (doctor.Reading, error) {
	var how doctor.Reading
	if o.exporter != "" {
		addr, err := netip.ParseAddr(o.exporter)
		if err != nil {
			return how, fmt.Errorf("--exporter: %q is no IP address", o.exporter)
		}
		how.Exporter = addr
	}
	for _, port := range o.ports {
		if port > 65535 {
			return how, fmt.Errorf("--port: %d is no port; allowed: 0 to 65535", port)
		}
		how.Ports = append(how.Ports, uint16(port))
	}
	return how, nil
}

// read looks at capture files. Ctrl-C ends it early, and it tells what it has seen.
func (o *doctorOptions) read(ctx context.Context, d *doctor.Doctor, how doctor.Reading, paths []string) (*doctor.Report, error) {
	files := doctor.NewFiles(d, how)
	stop := watch(o.errOut, d, 0)
	defer stop()
	for _, path := range paths {
		if err := files.Read(ctx, path); err != nil && ctx.Err() == nil {
			return nil, err
		}
	}
	return d.Report(doctor.Report{Source: "files", Files: files.List()}), nil
}

// print prints the report; problems are an exit status.
func (o *doctorOptions) print(r *doctor.Report) error {
	var err error
	if o.asJSON {
		encoder := json.NewEncoder(o.out)
		encoder.SetIndent("", " ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(r)
	} else {
		err = r.WriteText(o.out, doctorStyle(o.out, o.whole))
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		return status(exitError)
	case err != nil:
		return err
	case r.Problems > 0:
		return status(exitProblems)
	}
	return nil
}
