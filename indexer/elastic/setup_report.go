package elastic

import (
	"encoding/json"
	"fmt"
	"io"
)

// Outcome is what became of an object.
type Outcome string

// The outcomes. A dry run gives what would become of the object.
const (
	Created   Outcome = "created"
	Unchanged Outcome = "unchanged"
	Updated   Outcome = "updated"
	Kept      Outcome = "kept"    // somebody else's, or changed by somebody; Detail says which
	Skipped   Outcome = "skipped" // the server has no such thing
	Failed    Outcome = "failed"
)

// Result is what became of one object, or of one kind of objects.
type Result struct {
	Kind    string  `json:"kind"`
	Name    string  `json:"name,omitempty"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail,omitempty"`
}

// Request is a request that changes something.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// SetupReport says what a setup did.
type SetupReport struct {
	// Product is elasticsearch or opensearch.
	Product string `json:"product"`
	Version string `json:"version"`
	// Lifecycle is what deletes old documents: data_stream, ilm, ism or none.
	Lifecycle string   `json:"lifecycle"`
	Results   []Result `json:"results"`
	// Requests are those that change something, in the order in which they were
	// sent, or would be.
	Requests []Request `json:"requests,omitempty"`
}

// Add notes a result.
func (r *SetupReport) Add(kind, name string, outcome Outcome, detail string) {
	r.Results = append(r.Results, Result{kind, name, outcome, detail})
}

// Count gives how many results have an outcome.
func (r *SetupReport) Count(o Outcome) int {
	n := 0
	for _, x := range r.Results {
		if x.Outcome == o {
			n++
		}
	}
	return n
}

// Print writes the results, a line each.
func (r *SetupReport) Print(out io.Writer) error {
	for _, x := range r.Results {
		line := fmt.Sprintf("%-9s  %-24s  %s", x.Outcome, x.Kind, x.Name)
		switch {
		case x.Detail != "" && x.Name != "":
			line += ": " + x.Detail
		case x.Detail != "":
			line += x.Detail
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
