package netflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// formatVersion is the version of the template file.
const formatVersion = 1

// maxFile bounds what is read of a template file, in bytes.
const maxFile = 256 << 20

// file is the template file: JSON, so that a person can read it.
type file struct {
	Version   int             `json:"version"`
	Exporters []savedExporter `json:"exporters"`
}

type savedExporter struct {
	Addr         netip.Addr           `json:"address"`
	Domains      []savedDomain        `json:"domains"`
	Interfaces   map[uint32]Interface `json:"interfaces,omitempty"`
	Applications []savedApplication   `json:"applications,omitempty"`
	VRFs         map[uint32]string    `json:"vrfs,omitempty"`
}

type savedApplication struct {
	ID     uint64 `json:"id"`
	Length uint8  `json:"length"`
	Application
}

type savedDomain struct {
	Protocol  string            `json:"protocol"`
	ID        uint32            `json:"domain"`
	Templates []ipfix.Template  `json:"templates,omitempty"`
	Samplers  map[uint64]uint64 `json:"samplers,omitempty"`
	Boot      int64             `json:"boot_unix_ns,omitempty"`
}

// Save writes what datagram exporters have told. What belongs to a stream
// session is left out, as it ends with the session.
func (s *Store) Save(w io.Writer) error {
	f := file{Version: formatVersion}
	for _, x := range s.list() {
		if x.key.session == 0 {
			f.Exporters = append(f.Exporters, x.saved())
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(f)
}

func (x *exporter) saved() savedExporter {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := savedExporter{Addr: x.key.addr, Interfaces: map[uint32]Interface{}, VRFs: map[uint32]string{}}
	for id, i := range x.interfaces {
		out.Interfaces[id] = i
	}
	for id, name := range x.vrfs {
		out.VRFs[id] = string(name)
	}
	for key, app := range x.applications {
		out.Applications = append(out.Applications, savedApplication{key.id, key.length, app})
	}
	domains := map[*domain]*savedDomain{}
	for _, d := range x.domains {
		saved := &savedDomain{Protocol: d.key.protocol.String(), ID: d.key.id, Samplers: map[uint64]uint64{}}
		for id, rate := range d.samplers {
			saved.Samplers[id] = rate
		}
		if d.hasBoot {
			saved.Boot = d.boot
		}
		domains[d] = saved
	}
	for t := x.oldest; t != nil; t = t.newer { // so that the order of definition stays
		d := domains[t.domain]
		d.Templates = append(d.Templates, t.spec)
	}
	for _, d := range domains {
		if len(d.Templates) > 0 || len(d.Samplers) > 0 || d.Boot != 0 {
			out.Domains = append(out.Domains, *d)
		}
	}
	return out
}

// Load reads what Save wrote and adds it to the store, within the store's
// limits; what is known already stays. now is the time that the exporters count
// as seen, in Unix nanoseconds. On an error what was good before it is kept.
func (s *Store) Load(r io.Reader, now int64) error {
	var f file
	if err := json.NewDecoder(io.LimitReader(r, maxFile)).Decode(&f); err != nil {
		return fmt.Errorf("not a template file: %w", err)
	}
	if f.Version != formatVersion {
		return fmt.Errorf("the template file has version %d, this program reads version %d", f.Version, formatVersion)
	}
	var problems []error
	for i := range f.Exporters {
		if err := s.load(&f.Exporters[i], now); err != nil {
			problems = append(problems, fmt.Errorf("exporter %s: %w", f.Exporters[i].Addr, err))
		}
	}
	return errors.Join(problems...)
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
	for _, app := range in.Applications {
		put(s, x, x.applications, appKey{app.ID, app.Length}, Application{clip(app.Name), clip(app.Description)})
	}
	for _, d := range in.Domains {
		if err := s.loadDomain(x, &d); err != nil {
			return fmt.Errorf("domain %d: %w", d.ID, err)
		}
	}
	return nil
}

func (s *Store) loadDomain(x *exporter, in *savedDomain) error {
	var protocol message.Protocol
	for p := message.NetFlow5; p < message.SFlow5; p++ {
		if p.String() == in.Protocol {
			protocol = p
		}
	}
	if protocol == message.ProtocolUnknown {
		return fmt.Errorf("protocol %q is none of netflow5, netflow9 and ipfix", in.Protocol)
	}
	d := x.domain(s, protocol, in.ID)
	if d == nil {
		return errDomains
	}
	for id, rate := range in.Samplers {
		s.putSampler(x, d, id, rate)
	}
	if in.Boot != 0 {
		d.boot, d.hasBoot = in.Boot, true
	}
	for _, t := range in.Templates {
		if t.ID < ipfix.FirstDataSet || t.Scopes < 0 || t.Scopes > len(t.Fields) || t.MinRecordLen() == 0 {
			return fmt.Errorf("template %d cannot be right", t.ID)
		}
		if d.templates[t.ID] != nil {
			continue
		}
		if _, kept := x.define(s, d, protocol, t); !kept {
			return fmt.Errorf("no room for template %d", t.ID)
		}
	}
	return nil
}

// SaveFile writes the template file in one step: a reader sees the old or the
// new one, also after a crash.
func (s *Store) SaveFile(path string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("save templates: %w", err)
	}
	defer os.Remove(tmp.Name()) // fails once it is renamed
	if err := errors.Join(s.Save(tmp), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("save templates to %s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
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
