package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The kinds of results about data streams.
const (
	aboutStream    = "data stream"
	aboutRollover  = "rollover"
	aboutRetention = "retention"
)

// streams gives the data streams of the namespace, and the indices of each in the
// order in which they were made. The path is one that all servers have, also
// those without the APIs about data streams.
func (in *installer) streams(ctx context.Context) (map[string][]string, error) {
	text, _, err := in.get(ctx, "/_resolve/index/weir-*-"+in.config.Namespace)
	if err != nil {
		return nil, err
	}
	there := make(map[string][]string)
	if text == nil {
		return there, nil
	}
	var list struct {
		Streams []struct {
			Name    string   `json:"name"`
			Indices []string `json:"backing_indices"`
		} `json:"data_streams"`
	}
	if err := readJSON(text, &list); err != nil {
		return nil, fmt.Errorf("the list of data streams is not readable: %w", err)
	}
	for _, s := range list.Streams {
		slices.SortStableFunc(s.Indices, func(a, b string) int { return generation(a) - generation(b) })
		there[s.Name] = s.Indices
	}
	return there, nil
}

// generation is the number at the end of an index's name.
func generation(index string) int {
	n, _ := strconv.Atoi(index[strings.LastIndexByte(index, '-')+1:])
	return n
}

// dataStreams makes the streams that are missing, has those roll over whose index
// was made from an older template, and sees to their retention.
func (in *installer) dataStreams(ctx context.Context) error {
	if in.fatal != nil { // without its template, a stream would be none of ours
		return nil
	}
	there, err := in.streams(ctx)
	if err != nil {
		return in.failed(aboutStream, "", err)
	}
	var old, missing []planned
	for _, s := range in.plan.streams {
		if len(there[s.name]) == 0 {
			missing = append(missing, s)
			continue
		}
		old = append(old, s)
		in.report.Add(aboutStream, s.name, Unchanged, "")
	}
	if err := in.makeStreams(ctx, missing); err != nil {
		return err
	}
	for _, s := range old {
		if err := in.rollOver(ctx, s, there[s.name]); err != nil {
			return err
		}
	}
	switch in.plan.lifecycle {
	case lifecycleStream:
		return in.streamRetention(ctx, old)
	case lifecycleISM:
		return in.ismRetention(ctx, old)
	case lifecycleILM:
		return in.ilmRetention(ctx, old)
	}
	return nil
}

// makeStreams makes the streams, where the server has the API for it.
func (in *installer) makeStreams(ctx context.Context, missing []planned) error {
	for i, s := range missing {
		if i == 0 {
			// Only a question tells a dry run whether the server has the API.
			_, _, err := in.get(ctx, "/_data_stream/"+s.name)
			if errors.Is(err, errUnsupported) {
				in.report.Add(aboutStream, "", Skipped, "this server has no API to make them; the first document makes each")
				return nil
			} else if err != nil {
				return in.failed(aboutStream, s.name, err)
			}
		}
		if _, err := in.change(ctx, http.MethodPut, "/_data_stream/"+s.name, nil); err != nil {
			if err := in.failed(aboutStream, s.name, err); err != nil {
				return err
			}
			continue
		}
		in.report.Add(aboutStream, s.name, Created, "")
	}
	return nil
}

// rollOver has a stream begin a new index when the one that is written to was
// made from another layout than new ones would be. Each index's mapping names
// the layout; those of templates before version 4 name none.
func (in *installer) rollOver(ctx context.Context, s planned, indices []string) error {
	template := in.found[kindTemplate][s.name]
	if in.outcomes[kindTemplate.path+s.name] == Kept && inner(template.body, "template", "mappings") != nil && len(inner(template.body, "template", "mappings")) > 0 {
		return nil // an old template that is somebody's now
	}
	expected, part := s.layout, s.name+mappingsSuffix
	if in.outcomes[kindComponent.path+part] == Kept {
		expected = layoutOf(inner(in.found[kindComponent][part].body, "template", "mappings"))
	}
	last := indices[len(indices)-1]
	text, found, err := in.get(ctx, "/"+last+"/_mapping?filter_path=*.mappings._meta")
	if err != nil {
		return in.failed(aboutRollover, s.name, err)
	}
	var mappings object
	if found {
		if err := readJSON(text, &mappings); err != nil {
			return in.failed(aboutRollover, s.name, fmt.Errorf("the mapping of %s is not readable: %w", last, err))
		}
	}
	if expected == "" || layoutOf(inner(mappings, last, "mappings")) == expected {
		return nil
	}
	if _, err := in.change(ctx, http.MethodPost, "/"+s.name+"/_rollover", nil); err != nil {
		return in.failed(aboutRollover, s.name, fmt.Errorf("new fields are not searchable before its next rollover: %w", err))
	}
	in.report.Add(aboutRollover, s.name, Updated, "it writes to a new index, with the new template; what "+last+" holds stays as it is")
	return nil
}

func layoutOf(mapping object) string {
	layout, _ := inner(mapping, "_meta")["layout"].(string)
	return layout
}
