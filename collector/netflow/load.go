package netflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// maxFile bounds what is read of a template file, in bytes. Nothing but one
// exporter at a time is held in memory.
const maxFile = 1 << 30

// Load reads what Save wrote and adds it to the store, within the store's
// limits; what is known already stays. now is the time that the exporters count
// as seen, in Unix nanoseconds. On an error what was good before it is kept.
func (s *Store) Load(r io.Reader, now int64) error {
	var refused []error
	err := readFile(json.NewDecoder(io.LimitReader(r, maxFile)), func(x *savedExporter) {
		if err := s.load(x, now); err != nil && len(refused) < maxRefused {
			refused = append(refused, fmt.Errorf("exporter %s: %w", x.Addr, err))
		}
	})
	return errors.Join(append(refused, err)...)
}

// maxRefused bounds how many exporters an error of Load names.
const maxRefused = 20

// readFile reads a template file and gives each exporter to use. The version must
// come before them.
func readFile(in *json.Decoder, use func(*savedExporter)) error {
	version := 0
	if err := enter(in, '{'); err != nil {
		return err
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return notTemplates(err)
		}
		switch key {
		case "version":
			if err := in.Decode(&version); err != nil {
				return notTemplates(err)
			}
			if version != formatVersion {
				return fmt.Errorf("the template file has version %d, this program reads version %d", version, formatVersion)
			}
		case "exporters":
			if version == 0 {
				return errors.New("the template file does not begin with its version")
			}
			if err := readExporters(in, use); err != nil {
				return err
			}
		default:
			var other json.RawMessage
			if err := in.Decode(&other); err != nil {
				return notTemplates(err)
			}
		}
	}
	if version == 0 {
		return errors.New("not a template file: it has no version")
	}
	_, err := in.Token()
	return notTemplates(err)
}

func readExporters(in *json.Decoder, use func(*savedExporter)) error {
	if err := enter(in, '['); err != nil {
		return err
	}
	for in.More() {
		var x savedExporter
		if err := in.Decode(&x); err != nil {
			return notTemplates(err)
		}
		use(&x)
	}
	_, err := in.Token()
	return notTemplates(err)
}

// enter reads the beginning of an object or a list.
func enter(in *json.Decoder, want json.Delim) error {
	got, err := in.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v where %v is due", got, want)
	}
	return notTemplates(err)
}

func notTemplates(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("not a template file: %w", err)
}

func (s *Store) load(in *savedExporter, now int64) error {
	if !in.Addr.IsValid() {
		return errors.New("the address is missing")
	}
	x := s.locked(message.Origin{Addr: in.Addr.Unmap(), Received: now})
	if x == nil {
		return fmt.Errorf("no room: %d exporters are kept", s.cfg.MaxExporters)
	}
	defer x.mu.Unlock()
	for id, i := range in.Interfaces {
		put(s, x, x.interfaces, id, Interface{clip(i.Name), clip(i.Description)})
	}
	for id, name := range in.VRFs {
		put(s, x, x.vrfs, id, vrfName(clip(name)))
	}
	for id, rd := range in.Distinguishers {
		put(s, x, x.distinguishers, id, vrfName(clip(rd)))
	}
	for _, app := range in.Applications {
		put(s, x, x.applications, appKey{app.ID, app.Length}, Application{clip(app.Name), clip(app.Description)})
	}
	for _, d := range in.Domains {
		if err := s.loadDomain(x, &d, now); err != nil {
			return fmt.Errorf("domain %d: %w", d.ID, err)
		}
	}
	return nil
}

func (s *Store) loadDomain(x *exporter, in *savedDomain, now int64) error {
	var protocol message.Protocol
	for p := message.ProtocolUnknown + 1; p < message.SFlow5; p++ {
		if p.String() == in.Protocol {
			protocol = p
		}
	}
	if protocol == message.ProtocolUnknown {
		return fmt.Errorf("protocol %q is none of netflow1, netflow5, netflow7, netflow9 and ipfix", in.Protocol)
	}
	d := x.domain(s, protocol, in.ID)
	if d == nil {
		return errDomains
	}
	for id, rate := range in.Samplers {
		s.putSampler(x, d, id, rate)
	}
	if in.Boot != 0 {
		d.boot, d.hasBoot = unixNanos(in.Boot), true
	}
	for _, t := range in.Templates {
		if t.ID < ipfix.FirstDataSet || t.Scopes < 0 || t.Scopes > len(t.Fields) || t.MinRecordLen() == 0 {
			return fmt.Errorf("template %d cannot be right", t.ID)
		}
		if d.templates[t.ID] != nil {
			continue
		}
		if _, kept := x.define(s, d, t, now); !kept {
			return fmt.Errorf("no room for template %d", t.ID)
		}
	}
	return nil
}

// LoadFile loads a template file; a missing one is no error.
func (s *Store) LoadFile(path string, now int64) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load templates: %w", err)
	}
	defer f.Close()
	if err := s.Load(f, now); err != nil {
		return fmt.Errorf("load templates from %s: %w", path, err)
	}
	return nil
}
