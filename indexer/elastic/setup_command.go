package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Setup prepares a cluster from the command line, without a sink. It is used by
// one goroutine at a time.
type Setup struct {
	config    Config
	endpoints []endpoint
	client    *client
}

// NewSetup makes a setup; it reads the files that hold secrets. transport stands
// in for the network in tests, and is nil otherwise.
func NewSetup(c Config, transport http.RoundTripper) (*Setup, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	endpoints, err := parseEndpoints(c)
	if err != nil {
		return nil, err
	}
	k, err := newClient(c, endpoints, transport)
	if err != nil {
		return nil, err
	}
	return &Setup{config: c, endpoints: endpoints, client: k}, nil
}

// Close lets go of the connections.
func (s *Setup) Close() { s.client.close() }

// Product asks the servers what they are: elasticsearch or opensearch, and the
// version.
func (s *Setup) Product(ctx context.Context) (name, version string, err error) {
	in := newInstaller(s.client, s.config, SetupOptions{})
	err = in.detect(ctx)
	return in.product.name, in.product.version, err
}

// Run brings the cluster to what the configuration asks for. What the server
// refuses is in the report as Failed; an error means that no server answers, or
// none that is known.
func (s *Setup) Run(ctx context.Context, o SetupOptions) (SetupReport, error) {
	in := newInstaller(s.client, s.config, o)
	if err := in.detect(ctx); err != nil {
		return SetupReport{}, err
	}
	err := in.run(ctx)
	return in.report, err
}

// Note gives what SetNote has kept under a name, in the cluster; nil when there
// is nothing.
func (s *Setup) Note(ctx context.Context, name string) (json.RawMessage, error) {
	in := newInstaller(s.client, s.config, SetupOptions{})
	if err := in.recallNotes(ctx); err != nil {
		return nil, err
	}
	return in.memory.Notes[name], nil
}

// SetNote keeps a note in the cluster.
func (s *Setup) SetNote(ctx context.Context, name string, note any) error {
	text, err := encode(note)
	if err != nil {
		return err
	}
	in := newInstaller(s.client, s.config, SetupOptions{})
	if err := in.recallNotes(ctx); err != nil {
		return err
	}
	if in.memory.Notes == nil {
		in.memory.Notes = make(map[string]json.RawMessage)
	}
	in.memory.Notes[name] = text
	return errors.Join(in.remember(ctx), in.whatFailed())
}

func (in *installer) recallNotes(ctx context.Context) error {
	if err := in.recall(ctx); err != nil {
		return err
	}
	return in.whatFailed()
}

func (in *installer) whatFailed() error {
	for _, r := range in.report.Results {
		if r.Outcome == Failed || r.Outcome == Skipped {
			return errors.New(r.Detail)
		}
	}
	return nil
}

// File is a file of an export.
type File struct {
	Name string
	Text []byte
}

// ExportFiles gives what a setup would send to a new cluster of a product, one
// file per request, in order, the roles, and the requests themselves. It asks no
// server.
func ExportFiles(name, version string, c Config) ([]File, []Request, error) {
	p := product{name: name, version: version}
	major, minor, ok := parseVersion(version)
	least, known := oldest[name]
	switch {
	case !known:
		return nil, nil, fmt.Errorf("--product: %q is not known; allowed: elasticsearch, opensearch", name)
	case !ok:
		return nil, nil, fmt.Errorf("--product-version: %q is no version; allowed: one such as %d.%d.0", version, least[0], least[1])
	case major < least[0] || major == least[0] && minor < least[1]:
		return nil, nil, fmt.Errorf("--product-version: %s %s is too old; allowed: %d.%d or later", name, version, least[0], least[1])
	}
	w, err := newPlan(p, c)
	if err != nil {
		return nil, nil, err
	}
	var files []File
	var requests []Request
	add := func(what, name, method, path string, body object) error {
		text, err := indented(body)
		if err != nil {
			return err
		}
		if body == nil {
			text = nil
		}
		requests = append(requests, Request{method, path, text})
		if body != nil {
			files = append(files, File{fmt.Sprintf("%03d-%s-%s.json", len(requests), what, name), text})
		}
		return nil
	}
	for _, r := range roles(p, c, w.lifecycle) {
		if err := add("role", r.name, http.MethodPut, r.path, r.body); err != nil {
			return nil, nil, err
		}
	}
	for _, list := range [][]*wanted{w.policies, w.parts, w.templates} {
		for _, x := range list {
			what := string(bytes.ReplaceAll([]byte(x.kind.name), []byte(" "), []byte("-")))
			if err := add(what, x.name, http.MethodPut, x.path(), x.stamped()); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, s := range w.streams {
		if err := add("data-stream", s.name, http.MethodPut, "/_data_stream/"+s.name, nil); err != nil {
			return nil, nil, err
		}
	}
	return files, requests, nil
}

func indented(o object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(o)
	return b.Bytes(), err
}
