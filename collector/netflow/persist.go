package netflow

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/ipfix"
)

// formatVersion is the version of the template file.
const formatVersion = 1

// savedExporter is an exporter in the template file. The file is a JSON object
// with a version and a list of exporters, one a line, so that a person can read it.
type savedExporter struct {
	Addr         netip.Addr           `json:"address"`
	Domains      []savedDomain        `json:"domains"`
	Interfaces   map[uint32]Interface `json:"interfaces,omitempty"`
	Applications []savedApplication   `json:"applications,omitempty"`
	VRFs         map[uint32]string    `json:"vrfs,omitempty"`
	// Distinguishers are the VRFs' route distinguishers.
	Distinguishers map[uint32]string `json:"route_distinguishers,omitempty"`
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
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"version\":%d,\"exporters\":[", formatVersion) // Flush tells of errors
	separator := "\n"
	for _, x := range s.list() {
		if x.key.session != 0 {
			continue
		}
		line, err := json.Marshal(x.saved())
		if err != nil {
			return fmt.Errorf("exporter %s: %w", x.key.addr, err)
		}
		out.WriteString(separator)
		out.Write(line)
		separator = ",\n"
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

func (x *exporter) saved() savedExporter {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := savedExporter{Addr: x.key.addr, Interfaces: map[uint32]Interface{}, VRFs: map[uint32]string{}, Distinguishers: map[uint32]string{}}
	for id, rd := range x.distinguishers {
		out.Distinguishers[id] = string(rd)
	}
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
			saved.Boot = int64(d.boot)
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
