package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
	all := templates(p, s.config)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := s.install(ctx, name, all[name], &buffer); err != nil {
			return product{}, fmt.Errorf("index template %s: %w", name, err)
		}
	}
	return p, nil
}

func (s *Sink) small(ctx context.Context, request esapi.Request, buffer *bytes.Buffer) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, min(setupTimeout, s.config.Timeout))
	defer cancel()
	return s.client.do(ctx, request, buffer, setupLimit)
}

// install puts a template unless one of the same or a newer version is there.
func (s *Sink) install(ctx context.Context, name string, template object, buffer *bytes.Buffer) error {
	found, err := s.small(ctx, esapi.IndicesGetIndexTemplateRequest{Name: name}, buffer)
	if err != nil {
		return err
	}
	installed := 0
	if found.status != http.StatusNotFound {
		if classify(found.status, false) != classDone {
			return found.failure()
		}
		if installed, err = installedVersion(found.body, name); err != nil {
			return err
		}
	}
	if installed >= templateVersion {
		return nil
	}
	text, err := json.Marshal(template)
	if err != nil {
		return err
	}
	put, err := s.small(ctx, esapi.IndicesPutIndexTemplateRequest{Name: name, Body: bytes.NewReader(text)}, buffer)
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
	s.log.Info("index template installed", "template", name, "version", templateVersion, "replaced_version", installed)
	return nil
}

// installedVersion gives the version in the template's _meta, 0 without one: a
// template of that name that nobody has versioned is replaced.
func installedVersion(text []byte, name string) (int, error) {
	var list struct {
		Templates []struct {
			Name     string `json:"name"`
			Template struct {
				Meta struct {
					Version json.RawMessage `json:"version"`
				} `json:"_meta"`
			} `json:"index_template"`
		} `json:"index_templates"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return 0, fmt.Errorf("the list of templates is not readable: %w", err)
	}
	for _, t := range list.Templates {
		var version int
		if t.Name == name && json.Unmarshal(t.Template.Meta.Version, &version) == nil {
			return version, nil
		}
	}
	return 0, nil
}
