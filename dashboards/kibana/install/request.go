package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The values of Product.Name.
const (
	Kibana     = "kibana"
	Dashboards = "opensearch-dashboards"
)

// Product is what answers at the URL.
type Product struct {
	Name    string
	Version string
	// State is what it says about itself, such as green or available.
	State string
}

// limit bounds an answer, in bytes.
const limit = 64 << 20

// StatusError is an answer that means failure.
type StatusError struct {
	Status  int
	Message string
}

// Error says what to do.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("status %d", e.Status)
	if e.Message != "" {
		text += " (" + e.Message + ")"
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusFound:
		text += "; check the credentials of index.elasticsearch.kibana"
	case http.StatusForbidden:
		text += "; the user may not manage saved objects here: see the role weir_setup"
	case http.StatusNotFound:
		text += "; check index.elasticsearch.kibana.url, with its base path, and the space"
	case http.StatusServiceUnavailable:
		text += "; it is not ready yet"
	}
	return text
}

// Detect asks what answers.
func (in *Installer) Detect(ctx context.Context) (Product, error) {
	header, text, err := in.call(ctx, http.MethodGet, in.base+"/api/status", nil, "")
	var status *StatusError
	// Kibana answers 503 while its servers are unwell, with the usual text.
	if err != nil && (!errors.As(err, &status) || status.Status != http.StatusServiceUnavailable || !json.Valid(text)) {
		return Product{}, fmt.Errorf("GET /api/status: %w", err)
	}
	var answer struct {
		Version struct {
			Number string `json:"number"`
		} `json:"version"`
		Status struct {
			Overall struct {
				State string `json:"state"` // Kibana 7, OpenSearch Dashboards
				Level string `json:"level"` // Kibana 8
			} `json:"overall"`
		} `json:"status"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return Product{}, fmt.Errorf("GET /api/status: the answer is no JSON; check index.elasticsearch.kibana.url: %w", err)
	}
	p := Product{Version: clip(answer.Version.Number, 40), State: clip(answer.Status.Overall.State+answer.Status.Overall.Level, 40)}
	major, _, _ := strings.Cut(p.Version, ".")
	n, _ := strconv.Atoi(major)
	switch {
	case header.Get("osd-name") != "":
		p.Name = Dashboards
	case header.Get("kbn-name") != "", n >= 7:
		p.Name = Kibana
	case n > 0:
		p.Name = Dashboards
	default:
		return Product{}, errors.New("what answers at index.elasticsearch.kibana.url is neither Kibana nor OpenSearch Dashboards")
	}
	in.product = p
	return p, nil
}

// api is a path of the API, in the space.
func (in *Installer) api(path string) string {
	if in.config.Space != "" && in.product.Name == Kibana {
		return in.base + "/s/" + url.PathEscape(in.config.Space) + path
	}
	return in.base + path
}

// importPath is with what it takes to replace objects that are there.
const importPath = "/api/saved_objects/_import?overwrite=true"

// ImportURL is where files are sent to; valid once the product is detected.
func (in *Installer) ImportURL() string { return in.api(importPath) }

// call sends a request. The text comes with a StatusError, too.
func (in *Installer) call(ctx context.Context, method, target string, body []byte, contentType string) (http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("User-Agent", "weir")
	request.Header.Set("kbn-xsrf", "weir") // each product looks for its own
	request.Header.Set("osd-xsrf", "weir")
	if in.config.Authorization != "" {
		request.Header.Set("Authorization", in.config.Authorization)
	}
	if in.config.Space != "" && in.product.Name == Dashboards {
		request.Header.Set("securitytenant", in.config.Space)
	}
	in.log.Debug("request", "method", method, "path", request.URL.Path)
	answer, err := in.http.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, limit))
	if err != nil {
		return answer.Header, nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return answer.Header, text, &StatusError{answer.StatusCode, message(text)}
	}
	return answer.Header, text, nil
}

// message finds the reason in an error answer.
func message(text []byte) string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &answer) == nil {
		return clip(answer.Message, 500)
	}
	return clip(strings.TrimSpace(string(text)), 100)
}

func clip(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// read gives those of the objects that are there, by key.
func (in *Installer) read(ctx context.Context, objects []object, notes Notes) (map[string]*object, error) {
	if in.product.Name == "" {
		if _, err := in.Detect(ctx); err != nil {
			return nil, err
		}
	}
	type id struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	list, keys := make([]id, len(objects)), make(map[string]string)
	for i := range objects {
		list[i] = id{objects[i].Type, objects[i].ID}
		if other := notes[objects[i].key()].ID; other != "" {
			list[i].ID = other
		}
		keys[list[i].Type+":"+list[i].ID] = objects[i].key()
	}
	there := make(map[string]*object)
	if len(list) == 0 {
		return there, nil
	}
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	_, text, err := in.call(ctx, http.MethodPost, in.api("/api/saved_objects/_bulk_get"), body, "application/json")
	if err != nil {
		return nil, fmt.Errorf("read the saved objects: %w", err)
	}
	var answer struct {
		Objects []object `json:"saved_objects"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the saved objects: %w", err)
	}
	for i := range answer.Objects {
		x := &answer.Objects[i]
		key, ok := keys[x.key()]
		switch {
		case !ok:
		case x.Error == nil:
			there[key] = x
		case x.Error.Status != http.StatusNotFound:
			return nil, fmt.Errorf("read the saved object %s: %w", key, &StatusError{x.Error.Status, clip(x.Error.Message, 300)})
		}
	}
	return there, nil
}

// importError is what the import says about an object.
type importError struct {
	Type  string `json:"type"`
	ID    string `json:"id"`
	Error struct {
		Type       string `json:"type"`
		Message    string `json:"message"`
		References []struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		} `json:"references"`
	} `json:"error"`
}

func (e *importError) text() string {
	switch e.Error.Type {
	case "missing_references":
		var list []string
		for _, r := range e.Error.References {
			list = append(list, r.Type+" "+r.ID)
		}
		return "it needs what is not there: " + clip(strings.Join(list, ", "), 300)
	case "unsupported_type":
		return "this product does not know the type " + clip(e.Type, 60)
	case "conflict", "ambiguous_conflict":
		return "an object with its id is there already (" + e.Error.Type + ")"
	}
	return strings.TrimSpace(clip(e.Error.Type, 60) + " " + clip(e.Error.Message, 300))
}

// send imports the objects at the positions, and changes the results of those
// that failed. It gives the objects that got other ids. The answer is 200 also
// when objects failed.
func (in *Installer) send(ctx context.Context, objects []object, positions []int, results []Result) (map[string]string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	// Both products take the file only if its name ends so.
	part, err := form.CreateFormFile("file", "weir.ndjson")
	if err != nil {
		return nil, err
	}
	at := make(map[string]int)
	for _, i := range positions {
		at[objects[i].key()] = i
		if _, err := part.Write(append(bytes.TrimSpace(objects[i].line), '\n')); err != nil {
			return nil, err
		}
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	_, text, err := in.call(ctx, http.MethodPost, in.ImportURL(), body.Bytes(), form.FormDataContentType())
	if err != nil {
		return nil, fmt.Errorf("import the saved objects: %w", err)
	}
	var answer struct {
		Success bool          `json:"success"`
		Count   int           `json:"successCount"`
		Errors  []importError `json:"errors"`
		Results []struct {
			Type  string `json:"type"`
			ID    string `json:"id"`
			Moved string `json:"destinationId"`
		} `json:"successResults"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("import the saved objects: the answer is not readable: %w", err)
	}
	for i := range answer.Errors {
		e := &answer.Errors[i]
		if n, ok := at[e.Type+":"+e.ID]; ok {
			results[n].Outcome, results[n].Detail = Failed, e.text()
		}
	}
	if !answer.Success && len(answer.Errors) == 0 {
		return nil, errors.New("import the saved objects: the answer says that it failed, and not why")
	}
	moved := make(map[string]string)
	for _, r := range answer.Results {
		if r.Moved != "" && r.Moved != r.ID {
			moved[r.Type+":"+r.ID] = r.Moved
		}
	}
	return moved, nil
}
