package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// setupTimeout bounds each small request; setupLimit its answer, in bytes.
const (
	setupTimeout = 30 * time.Second
	setupLimit   = 8 << 20
)

// setup finds out what answers and sees to it that the index templates are
// there. It runs before the first document is sent, and again after each loss of
// the server. Doing it twice changes nothing.
func (s *Sink) setup(ctx context.Context) (product, error) {
	if err := s.client.readSecrets(); err != nil {
		return product{}, err
	}
	var buffer bytes.Buffer
	root, err := s.small(ctx, esapi.InfoRequest{}, &buffer)
	if err != nil {
		return product{}, fmt.Errorf("GET /: %w", err)
	}
	if classify(root.status, false) != classDone {
		return product{}, fmt.Errorf("GET /: %w", root.failure())
	}
	p, err := detectProduct(root)
	if err != nil {
		return product{}, err
	}
	if p.name == opensearch {
		p.zstd = s.hasZstd(ctx, &buffer)
	}
	for _, r := range layout(p, s.config) {
		if err := s.install(ctx, r, &buffer); err != nil {
			return product{}, fmt.Errorf("%s %s: %w", r.kind, r.name, err)
		}
	}
	return p, nil
}

func (s *Sink) small(ctx context.Context, request esapi.Request, buffer *bytes.Buffer) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, min(setupTimeout, s.config.Timeout))
	defer cancel()
	return s.client.do(ctx, request, buffer, setupLimit)
}

// zstdPlugin is the plugin of OpenSearch that has the codecs zstd and
// zstd_no_dict.
const zstdPlugin = "opensearch-custom-codecs"

// hasZstd reports whether every node of an OpenSearch cluster has the zstd
// codecs. A user who may not ask gets the codec that all have.
func (s *Sink) hasZstd(ctx context.Context, buffer *bytes.Buffer) bool {
	found, err := s.small(ctx, esapi.NodesInfoRequest{Metric: []string{"plugins"}, FilterPath: []string{"nodes.*.plugins.name"}}, buffer)
	if err != nil || classify(found.status, false) != classDone {
		return false
	}
	return everyNodeHas(found.body, zstdPlugin)
}

// everyNodeHas reads an answer of the plugins of nodes.
func everyNodeHas(text []byte, plugin string) bool {
	var answer struct {
		Nodes map[string]struct {
			Plugins []struct {
				Name string `json:"name"`
			} `json:"plugins"`
		} `json:"nodes"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return false
	}
	for _, node := range answer.Nodes {
		has := false
		for _, p := range node.Plugins {
			has = has || p.Name == plugin
		}
		if !has {
			return false
		}
	}
	return len(answer.Nodes) > 0
}

// install puts a template unless one of the same or a newer version is there.
func (s *Sink) install(ctx context.Context, r resource, buffer *bytes.Buffer) error {
	found, err := s.small(ctx, rawRequest{http.MethodGet, r.path, nil}, buffer)
	if err != nil {
		return err
	}
	installed, fields := 0, ""
	if found.status != http.StatusNotFound {
		if classify(found.status, false) != classDone {
			return found.failure()
		}
		if installed, fields, err = installedVersion(found.body, r.name); err != nil {
			return err
		}
	}
	wanted, _ := r.body["_meta"].(object)["fields"].(string)
	if installed > templateVersion || installed == templateVersion && fields == wanted {
		return nil
	}
	text, err := json.Marshal(r.body)
	if err != nil {
		return err
	}
	put, err := s.small(ctx, rawRequest{http.MethodPut, r.path, text}, buffer)
	if err != nil {
		return err
	}
	if classify(put.status, false) != classDone {
		failure := put.failure()
		if strings.Contains(failure.reason, "priority") {
			return fmt.Errorf("%w; set index.elasticsearch.template_priority to another number", failure)
		}
		return failure
	}
	s.log.Info(string(r.kind)+" installed", "template", r.name, "version", templateVersion, "replaced_version", installed)
	return nil
}

// rawRequest is a request with a body of JSON, or without one.
type rawRequest struct {
	method, path string
	body         []byte
}

// Do sends it; it is an esapi.Request.
func (r rawRequest) Do(ctx context.Context, transport esapi.Transport) (*esapi.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := transport.Perform(request)
	if err != nil {
		return nil, err
	}
	return &esapi.Response{StatusCode: response.StatusCode, Body: response.Body, Header: response.Header}, nil
}

// installedVersion gives the version in the template's _meta, 0 without one: a
// template of that name that nobody has versioned is replaced. fields is the
// profile that it was made for.
func installedVersion(text []byte, name string) (version int, fields string, err error) {
	type body struct {
		Meta struct {
			Version json.RawMessage `json:"version"`
			Fields  json.RawMessage `json:"fields"`
		} `json:"_meta"`
	}
	var list struct {
		Templates []struct {
			Name     string `json:"name"`
			Template body   `json:"index_template"`
		} `json:"index_templates"`
		Components []struct {
			Name     string `json:"name"`
			Template body   `json:"component_template"`
		} `json:"component_templates"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return 0, "", fmt.Errorf("the list of templates is not readable: %w", err)
	}
	bodies := make(map[string]body)
	for _, t := range list.Templates {
		bodies[t.Name] = t.Template
	}
	for _, t := range list.Components {
		bodies[t.Name] = t.Template
	}
	if json.Unmarshal(bodies[name].Meta.Version, &version) != nil {
		return 0, "", nil
	}
	if json.Unmarshal(bodies[name].Meta.Fields, &fields) != nil {
		fields = ""
	}
	return version, fields, nil
}
