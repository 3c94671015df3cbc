// Package install puts saved objects into Kibana and OpenSearch Dashboards by
// their import API. It keeps what a person has changed, replaces what an older
// Weir put there, and says which. It knows nothing about what the objects show;
// they come from package kibana.
//
// How it tells who changed an object: after each import it reads the objects
// back, and notes of each the time of its last update and a hash of its
// attributes as the product gives them. An object is unchanged when either is
// still so. Kibana's migrations to a newer version rewrite attributes but leave
// that time alone; and what Kibana writes by itself (the list of fields and how
// often each is used, in a data view) changes the time but is left out of the
// hash. The notes live in the cluster, where every Weir finds them; an object
// without a note is Weir's when it is the same as what would be imported.
package install

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config names the Kibana or OpenSearch Dashboards.
type Config struct {
	// URL is where it answers, with its base path. No default.
	URL string
	// Authorization is the header's value, empty for none. It is never logged.
	Authorization string
	// Space is Kibana's space or OpenSearch Dashboards' tenant. Default: Kibana's
	// default space, the user's own tenant.
	Space string
	// Timeout is how long a request may take. Default: 1 minute.
	Timeout time.Duration
}

// Dependencies are what New needs.
type Dependencies struct {
	// Transport is the network.
	Transport http.RoundTripper
	// Logger takes requests at level debug. Default: nobody.
	Logger *slog.Logger
}

// Installer imports saved objects. It is used by one goroutine at a time.
type Installer struct {
	config  Config
	base    string
	http    *http.Client
	log     *slog.Logger
	product Product
}

// New makes an installer; it does no I/O.
func New(c Config, d Dependencies) (*Installer, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("the URL of Kibana is none; allowed: http:// or https://, a host and optionally a port and a path")
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Installer{config: c, base: strings.TrimRight(c.URL, "/"), log: d.Logger, http: &http.Client{
		Transport: d.Transport, Timeout: c.Timeout,
		// A redirection leads to a login page, which is no answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Outcome is what became of an object.
type Outcome string

// The outcomes. A dry run gives what would become of the object.
const (
	Created   Outcome = "created"
	Unchanged Outcome = "unchanged"
	Updated   Outcome = "updated"
	Kept      Outcome = "kept"
	Failed    Outcome = "failed"
)

// Result is what became of one object.
type Result struct {
	Type    string
	ID      string
	Title   string
	Outcome Outcome
	Detail  string
}

// Notes are what is remembered about imported objects, by "type:id".
type Notes map[string]Note

// Note is what is remembered about an imported object.
type Note struct {
	// Source is a hash of what was imported.
	Source string `json:"source"`
	// Hash is that of the attributes as the product gave them after the import,
	// and Updated the time of update that it gave.
	Hash    string `json:"hash"`
	Updated string `json:"updated"`
	// ID is the object's id there, when another one was given to it: ids are
	// unique over Kibana's spaces.
	ID string `json:"id,omitempty"`
}

// Options change what Install does.
type Options struct {
	// Overwrite replaces what a person has changed, too.
	Overwrite bool
	// DryRun imports nothing.
	DryRun bool
}

// Install imports the objects in file, NDJSON, that are not there as they should
// be. It gives a result per object and the new notes. Errors about single objects
// are in the results.
func (in *Installer) Install(ctx context.Context, file []byte, notes Notes, o Options) ([]Result, Notes, error) {
	objects, err := parseFile(file)
	if err != nil {
		return nil, notes, err
	}
	there, err := in.read(ctx, objects, notes)
	if err != nil {
		return nil, notes, err
	}
	after := make(Notes, len(notes))
	for key, n := range notes {
		after[key] = n
	}
	results := make([]Result, len(objects))
	var send []int
	for i := range objects {
		x := &objects[i]
		outcome, detail := decide(x, there[x.key()], notes[x.key()], o.Overwrite)
		results[i] = Result{x.Type, x.ID, x.title(), outcome, detail}
		if outcome == Created || outcome == Updated {
			send = append(send, i)
		} else if outcome == Unchanged && notes[x.key()].Source == "" {
			after[x.key()] = noteOf(x, there[x.key()])
		}
	}
	if len(send) == 0 || o.DryRun {
		return results, after, nil
	}
	moved, err := in.send(ctx, objects, send, results)
	if err != nil {
		return results, after, err
	}
	for key, id := range moved {
		n := after[key]
		n.ID = id
		after[key] = n
	}
	there, err = in.read(ctx, objects, after)
	if err != nil {
		return results, after, err
	}
	for _, i := range send {
		x := &objects[i]
		found, ok := there[x.key()]
		switch {
		case results[i].Outcome == Failed:
		case !ok:
			results[i].Outcome, results[i].Detail = Failed, "the import said that it worked, but the object is not there"
		default:
			id := after[x.key()].ID
			n := noteOf(x, found)
			n.ID = id
			after[x.key()] = n
		}
	}
	return results, after, nil
}

// decide says what to do about an object. found is what is there, nil when
// nothing is.
func decide(x *object, found *object, n Note, overwrite bool) (Outcome, string) {
	if found == nil {
		return Created, ""
	}
	hash := found.hash()
	mine := n.Source != "" && (found.Updated != "" && found.Updated == n.Updated || hash == n.Hash)
	switch {
	case hash == x.hash(), mine && n.Source == x.source:
		return Unchanged, ""
	case overwrite:
		return Updated, "overwritten"
	case mine:
		return Updated, ""
	case n.Source == "":
		return Kept, "it is there, and nothing tells that Weir made it; --overwrite replaces it"
	}
	return Kept, "somebody has changed it; --overwrite replaces it"
}

func noteOf(x, found *object) Note {
	return Note{Source: x.source, Hash: found.hash(), Updated: found.Updated}
}

// object is a saved object, in a file or as the product gives it.
type object struct {
	Type       string                     `json:"type"`
	ID         string                     `json:"id"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	References json.RawMessage            `json:"references"`
	Updated    string                     `json:"updated_at"`
	Error      *struct {
		Status  int    `json:"statusCode"`
		Message string `json:"message"`
	} `json:"error"`

	line   []byte // as it stands in the file
	source string // hash of line
}

func (x *object) key() string { return x.Type + ":" + x.ID }

func (x *object) title() string {
	var title string
	_ = json.Unmarshal(x.Attributes["title"], &title) // an object may have none
	return title
}

// volatile are attributes that the products write by themselves.
var volatile = map[string]bool{"fields": true, "fieldAttrs": true, "version": true, "hits": true}

// hash tells apart what people see of an object: its references, and its
// attributes without those that the products write by themselves.
func (x *object) hash() string {
	shown := make(map[string]any)
	for name, raw := range x.Attributes {
		var value any
		if volatile[name] || json.Unmarshal(raw, &value) != nil {
			continue
		}
		if text, ok := value.(string); ok && (strings.HasSuffix(name, "JSON") || name == "visState" || name == "fieldFormatMap") {
			var parsed any
			if json.Unmarshal([]byte(text), &parsed) == nil {
				value = parsed
			}
		}
		shown[name] = value
	}
	var references []map[string]string
	if json.Unmarshal(x.References, &references) == nil && len(references) > 0 {
		slices.SortFunc(references, func(a, b map[string]string) int { return strings.Compare(a["name"], b["name"]) })
		shown["references"] = references
	}
	text, _ := json.Marshal(shown) // sorted; of parsed JSON, so that it cannot fail
	return short(text)
}

func short(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// parseFile reads NDJSON as the products export and import it.
func parseFile(file []byte) ([]object, error) {
	var list []object
	for i, line := range bytes.Split(file, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var x object
		if err := json.Unmarshal(line, &x); err != nil {
			return nil, fmt.Errorf("line %d of the saved objects: %w", i+1, err)
		}
		if x.Type == "" { // the summary at the end of an export
			continue
		}
		if x.ID == "" {
			return nil, fmt.Errorf("line %d of the saved objects: it has no id", i+1)
		}
		x.line, x.source = line, short(line)
		list = append(list, x)
	}
	return list, nil
}
