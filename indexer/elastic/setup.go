package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// setupTimeout bounds each small request; setupLimit its answer, in bytes.
const (
	setupTimeout = 30 * time.Second
	setupLimit   = 32 << 20
)

// setup finds out what answers and, unless that is left to `weir setup`, sees to
// it that everything is there that documents need. It runs before the first
// document is sent, and again after each loss of the server. Doing it twice
// changes nothing.
func (s *Sink) setup(ctx context.Context) (product, error) {
	if err := s.client.readSecrets(); err != nil {
		return product{}, err
	}
	in := newInstaller(s.client, s.config, SetupOptions{})
	if err := in.detect(ctx); err != nil {
		return product{}, err
	}
	if s.config.Setup == setupManual {
		return in.product, in.mustBeThere(ctx)
	}
	if err := in.run(ctx); err != nil {
		return product{}, err
	}
	in.log(s.log)
	return in.product, in.fatal
}

// SetupOptions change what a setup does.
type SetupOptions struct {
	// Overwrite replaces what a person has changed, too.
	Overwrite bool
	// DryRun sends no request that changes something.
	DryRun bool
	// Adopt puts the retention on data streams that had none, which deletes what is
	// older. A collector that sets up by itself does not.
	Adopt bool
}

// installer brings a cluster to the plan. It is used once.
type installer struct {
	client  *client
	config  Config
	options SetupOptions
	product product
	plan    *plan
	report  SetupReport
	buffer  bytes.Buffer

	memory   memory
	recalled any // the memory as it was read, as JSON
	// found are the objects that were there before, by kind and name.
	found map[*kind]map[string]existing
	// outcomes are those of the templates and policies, by their path.
	outcomes map[string]Outcome
	// fatal is why no document may be written: a template is missing.
	fatal error
}

func newInstaller(k *client, c Config, o SetupOptions) *installer {
	return &installer{client: k, config: c, options: o, found: make(map[*kind]map[string]existing), outcomes: make(map[string]Outcome)}
}

// detect finds out the product and makes the plan.
func (in *installer) detect(ctx context.Context) error {
	root, err := in.small(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return fmt.Errorf("GET /: %w", err)
	}
	if classify(root.status, false) != classDone {
		return fmt.Errorf("GET /: %w", root.failure())
	}
	if in.product, err = detectProduct(root); err != nil {
		return err
	}
	if in.product.name == opensearch {
		in.product.zstd = in.hasZstd(ctx)
	}
	in.plan, err = newPlan(in.product, in.config)
	return err
}

// run does everything in order. It goes on after refusals, which are in the
// report, and ends when the server is gone.
func (in *installer) run(ctx context.Context) error {
	in.report = SetupReport{Product: in.product.name, Version: in.product.version, Lifecycle: in.plan.lifecycle}
	for _, step := range []func(context.Context) error{
		in.recall,
		func(ctx context.Context) error { return in.install(ctx, in.policyKind(), in.plan.policies) },
		func(ctx context.Context) error { return in.install(ctx, kindComponent, in.plan.parts) },
		func(ctx context.Context) error { return in.install(ctx, kindTemplate, in.plan.templates) },
		in.dataStreams,
		in.remember,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (in *installer) policyKind() *kind {
	if in.plan.lifecycle == lifecycleILM {
		return kindILM
	}
	return kindISM
}

// rawRequest is a request of the setup. It implements esapi.Request.
type rawRequest struct {
	method, path string
	body         []byte
}

// Do sends the request.
func (r rawRequest) Do(ctx context.Context, t esapi.Transport) (*esapi.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if len(r.body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := t.Perform(request)
	if err != nil {
		return nil, err
	}
	return &esapi.Response{StatusCode: response.StatusCode, Header: response.Header, Body: response.Body}, nil
}

// small sends a request; the answer is valid until the next one.
func (in *installer) small(ctx context.Context, method, path string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, min(setupTimeout, in.config.Timeout))
	defer cancel()
	return in.client.do(ctx, rawRequest{method, path, body}, &in.buffer, setupLimit)
}

// errUnsupported means that the server knows no such path.
var errUnsupported = errors.New("this server has no such API")

// refusal gives why an answer is no success. A server without a feature says that
// it has no handler for the path, or none for the method; Elastic's serverless
// offer answers 410.
func refusal(a answer) error {
	switch {
	case classify(a.status, false) == classDone:
		return nil
	case a.status == http.StatusGone,
		a.status == http.StatusBadRequest && bytes.Contains(a.body, []byte("no handler found for uri")),
		a.status == http.StatusMethodNotAllowed && bytes.Contains(a.body, []byte("Incorrect HTTP method for uri")):
		return errUnsupported
	}
	return a.failure()
}

// get reads what is at a path; found is false when there is nothing.
func (in *installer) get(ctx context.Context, path string) (text []byte, found bool, err error) {
	a, err := in.small(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, false, err
	}
	if a.status == http.StatusNotFound {
		return nil, false, nil
	}
	if err := refusal(a); err != nil {
		return nil, false, err
	}
	return a.body, true, nil
}

// change sends a request that changes something, unless the run is dry, and
// notes it.
func (in *installer) change(ctx context.Context, method, path string, body any) (answer, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = encode(body); err != nil {
			return answer{}, err
		}
	}
	in.report.Requests = append(in.report.Requests, Request{method, path, text})
	if in.options.DryRun {
		return answer{status: http.StatusOK, body: []byte("{}")}, nil
	}
	a, err := in.small(ctx, method, path, text)
	if err != nil {
		return a, err
	}
	return a, refusal(a)
}

// failed notes that something was refused. It gives err back when the server is
// gone: then nothing else makes sense.
func (in *installer) failed(kind, name string, err error) error {
	var network *networkError
	if errors.As(err, &network) {
		return fmt.Errorf("%s %s: %w", kind, name, err)
	}
	in.report.Add(kind, name, Failed, advice(err))
	return nil
}

// advice is an error with what to do about it.
func advice(err error) string {
	var status *statusError
	if errors.As(err, &status) && strings.Contains(status.reason, "priority") {
		return fmt.Sprintf("%v; set index.elasticsearch.template_priority to another number", err)
	}
	return err.Error()
}

// log tells the collector's log what was done.
func (in *installer) log(log *slog.Logger) {
	for _, r := range in.report.Results {
		switch r.Outcome {
		case Created:
			log.Debug(r.Kind+" created", "name", r.Name, "version", templateVersion)
		case Updated:
			log.Info(r.Kind+" updated", "name", r.Name, "version", templateVersion, "detail", r.Detail)
		case Kept, Failed:
			log.Warn(r.Kind+" "+string(r.Outcome), "name", r.Name, "reason", r.Detail)
		case Skipped:
			log.Info(r.Kind+" skipped", "reason", r.Detail)
		}
	}
	if n := in.report.Count(Created); n > 0 {
		log.Info("the server is set up", "created", n, "updated", in.report.Count(Updated), "lifecycle", in.report.Lifecycle)
	}
}

// mustBeThere checks in place of a setup what documents must not do without:
// OpenSearch would make an ordinary index, with guessed types, for a stream that
// has no template. Elasticsearch is asked with each request not to.
func (in *installer) mustBeThere(ctx context.Context) error {
	if in.product.name != opensearch {
		return nil
	}
	there, err := in.streams(ctx)
	if err != nil {
		return err
	}
	for _, s := range in.plan.streams {
		if _, ok := there[s.name]; !ok {
			return fmt.Errorf("the data stream %s is not there, and index.elasticsearch.setup is manual; run `weir setup`", s.name)
		}
	}
	return nil
}

// zstdPlugin is the plugin of OpenSearch that has the codecs zstd and
// zstd_no_dict.
const zstdPlugin = "opensearch-custom-codecs"

// hasZstd reports whether every node of an OpenSearch cluster has the zstd
// codecs. A user who may not ask gets the codec that all have.
func (in *installer) hasZstd(ctx context.Context) bool {
	text, found, err := in.get(ctx, "/_nodes/plugins?filter_path=nodes.*.plugins.name")
	return err == nil && found && everyNodeHas(text, zstdPlugin)
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
