package enrich

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
)

// maxInterfaceFile bounds the file of interface names, in bytes.
const maxInterfaceFile = 16 << 20

// InterfacesConfig names interfaces by hand. What an exporter says itself, in
// its options data, wins.
type InterfacesConfig struct {
	// File is the path of a YAML file with the key interfaces and a list like
	// List. Default none.
	File string `mapstructure:"file" yaml:"file"`
	// List is entries that win over those of the file. Default none.
	List []Interface `mapstructure:"list" yaml:"list"`
}

// Interface is the name of one interface of one exporter.
type Interface struct {
	// Exporter is the exporter's address.
	Exporter string `mapstructure:"exporter" yaml:"exporter"`
	// Index is the interface number that flows carry (ifIndex of RFC 2863).
	Index uint32 `mapstructure:"index" yaml:"index"`
	// Name is what observer.ingress.interface.name and its egress pendant get.
	Name string `mapstructure:"name" yaml:"name"`
	// Alias is the free text beside it; may be empty.
	Alias string `mapstructure:"alias" yaml:"alias"`
}

type interfaceKey struct {
	exporter netip.Addr
	index    uint32
}

type interfaceNames map[interfaceKey]*Interface

// compile checks List and adds it to what was read.
func (c InterfacesConfig) compile(names interfaceNames) (interfaceNames, error) {
	if names == nil {
		names = interfaceNames{}
	}
	return names, names.add(c.List, "interfaces.list")
}

func (n interfaceNames) add(list []Interface, where string) error {
	for i := range list {
		entry := &list[i]
		exporter, err := netip.ParseAddr(entry.Exporter)
		if err != nil || exporter.Zone() != "" {
			return fmt.Errorf("%s: entry %d: exporter: %q: want an address such as 192.0.2.1", where, i+1, entry.Exporter)
		}
		if entry.Name == "" && entry.Alias == "" {
			return fmt.Errorf("%s: entry %d (%s index %d): want a name or an alias", where, i+1, entry.Exporter, entry.Index)
		}
		n[interfaceKey{exporter.Unmap(), entry.Index}] = entry
	}
	return nil
}

// read reads the file, if there is one, and adds List.
func (c InterfacesConfig) read() (interfaceNames, error) {
	names := interfaceNames{}
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("interfaces.file: %w", err)
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxInterfaceFile+1))
		if err != nil {
			return nil, fmt.Errorf("interfaces.file: %w", err)
		}
		if err := names.parse(c.File, text); err != nil {
			return nil, fmt.Errorf("interfaces.file: %w", err)
		}
	}
	return c.compile(names)
}

// Named reads the file and gives a function that tells whether the configuration
// names an interface of an exporter.
func (c InterfacesConfig) Named() (func(exporter netip.Addr, index uint32) bool, error) {
	names, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("enrich: %w", err)
	}
	return func(exporter netip.Addr, index uint32) bool {
		_, ok := names[interfaceKey{exporter.Unmap(), index}]
		return ok
	}, nil
}

// parse adds the entries of a file's text.
func (n interfaceNames) parse(file string, text []byte) error {
	if len(text) > maxInterfaceFile {
		return fmt.Errorf("%s: is larger than %d bytes", file, maxInterfaceFile)
	}
	var content struct {
		Interfaces []Interface `yaml:"interfaces"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&content); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: want the key interfaces with a list of exporter, index, name, alias", file, err)
	}
	return n.add(content.Interfaces, file)
}

// interfaceSlots is how many interfaces a worker remembers.
const interfaceSlots = 256

// interfaceSlot is what is known of one interface; entry is nil when it has no
// name. The zero slot is empty: no exporter has the zero address.
type interfaceSlot struct {
	key   interfaceKey
	entry *Interface
}

// interfaces fills the interface names that the record lacks.
func (w *Worker) interfaces(r *flow.Record) {
	if r.Has(flow.FieldIngressInterfaceID) {
		if entry := w.interfaceOf(r, r.IngressInterfaceID); entry != nil {
			if entry.Name != "" && !r.Has(flow.FieldIngressInterfaceName) {
				r.SetIngressInterfaceName(entry.Name)
			}
			if entry.Alias != "" && !r.Has(flow.FieldIngressInterfaceAlias) {
				r.SetIngressInterfaceAlias(entry.Alias)
			}
		}
	}
	if r.Has(flow.FieldEgressInterfaceID) {
		if entry := w.interfaceOf(r, r.EgressInterfaceID); entry != nil {
			if entry.Name != "" && !r.Has(flow.FieldEgressInterfaceName) {
				r.SetEgressInterfaceName(entry.Name)
			}
			if entry.Alias != "" && !r.Has(flow.FieldEgressInterfaceAlias) {
				r.SetEgressInterfaceAlias(entry.Alias)
			}
		}
	}
}

// interfaceOf looks under the exporter's address, then under sFlow's agent
// address.
func (w *Worker) interfaceOf(r *flow.Record, index uint32) *Interface {
	if r.Has(flow.FieldObserverIP) {
		if entry := w.interfaceAt(interfaceKey{r.ObserverIP, index}); entry != nil {
			return entry
		}
	}
	if r.Has(flow.FieldFlowExporterAgent) {
		return w.interfaceAt(interfaceKey{r.FlowExporterAgent, index})
	}
	return nil
}

func (w *Worker) interfaceAt(key interfaceKey) *Interface {
	slot := &w.names[key.index%interfaceSlots]
	if slot.key != key {
		*slot = interfaceSlot{key, w.files.interfaces[key]}
	}
	return slot.entry
}
