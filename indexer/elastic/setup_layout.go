package elastic

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// resource is an object that Weir wants a cluster to have.
type resource struct {
	kind *kind
	name string
	body object // without Weir's mark; as JSON gives it
	hash string // of body
}

// stamped is the body with Weir's mark.
func (r *resource) stamped() object {
	return r.kind.stamp(r.body, mark{ours: true, version: templateVersion, hash: r.hash})
}

// path is where the object is.
func (r *resource) path() string { return r.kind.path + r.name }

// plan is everything that a cluster of a product should have, in the order in
// which it is made.
type plan struct {
	product   product
	lifecycle string
	streams   []stream
	policies  []*resource // none when the lifecycle is in the templates
	parts     []*resource
	templates []*resource
}

// stream is a data stream of the plan.
type stream struct {
	name string
	// keep is its retention, 0 for ever.
	keep time.Duration
	// parts are the component templates of its index template.
	parts []string
	// layout tells apart what the indices of different templates look like.
	layout string
}

const (
	mappingsSuffix = "-mappings"
	settingsSuffix = "-settings"
)

// newPlan makes the plan for a product.
func newPlan(p product, c Config) (*plan, error) {
	lifecycle, err := lifecycleFor(p, c)
	if err != nil {
		return nil, err
	}
	w := &plan{product: p, lifecycle: lifecycle}
	all := templates(p, c)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		keep := c.Retention.of(strings.TrimSuffix(strings.TrimPrefix(name, "weir-"), "-"+c.Namespace))
		if err := w.add(c, name, keep, all[name]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// add plans a stream, from its whole index template.
func (w *plan) add(c Config, name string, keep time.Duration, whole object) error {
	content := whole["template"].(object)
	index := maps.Clone(content["settings"].(object)["index"].(object))
	mapping := maps.Clone(content["mappings"].(object))
	layout, err := plainJSON(object{"settings": index, "mappings": mapping})
	if err != nil {
		return err
	}
	s := stream{name: name, keep: keep, layout: (&kind{}).hash(layout), parts: []string{name + mappingsSuffix, name + settingsSuffix}}
	mapping["_meta"] = object{"managed_by": managedBy, "layout": s.layout}
	own := object{}
	switch w.lifecycle {
	case lifecycleStream:
		own["lifecycle"] = streamLifecycle(keep)
	case lifecycleILM:
		own["settings"] = object{"index": object{"lifecycle": object{"name": name}}}
		err = w.put(&w.policies, kindILM, name, ilmPolicy(keep))
	case lifecycleISM:
		err = w.put(&w.policies, kindISM, name, ismPolicy(name, keep, c.TemplatePriority))
	}
	if err != nil {
		return err
	}
	template := maps.Clone(whole)
	delete(template, "_meta")
	template["composed_of"] = s.parts
	template["template"] = own
	for _, part := range []struct {
		name string
		body object
	}{{s.parts[0], object{"mappings": mapping}}, {s.parts[1], object{"settings": object{"index": index}}}} {
		if err := w.put(&w.parts, kindComponent, part.name, object{"version": templateVersion, "template": part.body}); err != nil {
			return err
		}
	}
	w.streams = append(w.streams, s)
	return w.put(&w.templates, kindTemplate, name, template)
}

func (w *plan) put(list *[]*resource, k *kind, name string, body object) error {
	plain, err := plainJSON(body)
	if err != nil {
		return err
	}
	*list = append(*list, &resource{kind: k, name: name, body: plain, hash: k.hash(plain)})
	return nil
}

// encode writes JSON as it is, without the escapes that pages of HTML need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}
