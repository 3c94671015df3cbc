package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// wanted is an object that Weir wants a cluster to have.
type wanted struct {
	kind *kind
	name string
	body object // without Weir's mark; as JSON gives it
	hash string // of body
}

// stamped is the body with Weir's mark.
func (w *wanted) stamped() object {
	return w.kind.stamp(w.body, mark{ours: true, version: templateVersion, hash: w.hash})
}

// path is where the object is.
func (w *wanted) path() string { return w.kind.path + w.name }

// plan is everything that a cluster of a product should have, in the order in
// which it is made.
type plan struct {
	product   product
	lifecycle string
	streams   []planned
	policies  []*wanted // none when the lifecycle is in the templates
	parts     []*wanted
	templates []*wanted
}

// planned is a data stream of the plan.
type planned struct {
	name string
	// keep is its retention, 0 for ever.
	keep time.Duration
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
	parts := make(map[string]object)
	for _, r := range layout(p, c) {
		switch r.kind {
		case componentTemplate:
			parts[r.name] = r.body
		case indexTemplate:
			if err := w.add(c, r.name, parts[r.name+mappingsSuffix], parts[r.name+settingsSuffix], r.body); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.kind, r.name, err)
			}
		}
	}
	return w, nil
}

// add plans a stream, from its templates.
func (w *plan) add(c Config, name string, mappings, settings, template object) error {
	mappings, settings, template = bare(mappings), bare(settings), bare(template)
	layout, err := plainJSON(object{"template": object{"mappings": inner(mappings, "template", "mappings"), "settings": inner(settings, "template", "settings")}})
	if err != nil {
		return err
	}
	s := planned{name: name, keep: c.Retention.of(strings.TrimSuffix(strings.TrimPrefix(name, "weir-"), "-"+c.Namespace)), layout: kindTemplate.hash(layout)}
	w.streams = append(w.streams, s)
	mapping := maps.Clone(inner(mappings, "template", "mappings"))
	mapping["_meta"] = object{"managed_by": managedBy, "layout": s.layout}
	mappings["template"] = object{"mappings": mapping}
	own := maps.Clone(inner(template, "template"))
	switch w.lifecycle {
	case lifecycleStream:
		own["lifecycle"] = streamLifecycle(s.keep)
	case lifecycleILM:
		own["settings"] = object{"index": object{"lifecycle": object{"name": name}}}
		err = w.put(&w.policies, kindILM, name, ilmPolicy(s.keep))
	case lifecycleISM:
		err = w.put(&w.policies, kindISM, name, ismPolicy(name, s.keep, c.TemplatePriority))
	}
	if err != nil {
		return err
	}
	if len(own) > 0 {
		template["template"] = own
	}
	if err := w.put(&w.parts, kindComponent, name+mappingsSuffix, mappings); err != nil {
		return err
	}
	if err := w.put(&w.parts, kindComponent, name+settingsSuffix, settings); err != nil {
		return err
	}
	return w.put(&w.templates, kindTemplate, name, template)
}

// bare is a copy without _meta, where Weir's mark goes.
func bare(o object) object {
	o = maps.Clone(o)
	delete(o, "_meta")
	return o
}

func (w *plan) put(list *[]*wanted, k *kind, name string, body object) error {
	plain, err := plainJSON(body)
	if err != nil {
		return err
	}
	*list = append(*list, &wanted{kind: k, name: name, body: plain, hash: k.hash(plain)})
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
