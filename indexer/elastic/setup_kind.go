package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strconv"
)

// kind is a kind of object that a cluster keeps for Weir.
type kind struct {
	name string
	// absent says what it means for the user that the server knows no such kind.
	absent string
	// list is the path that gives the objects of a namespace, with one %s; empty
	// when each has to be asked for.
	list string
	// path is the folder of the objects.
	path string
	// parse reads an answer to GET.
	parse func(text []byte, name string) (map[string]existing, error)
	// foreign tells what the server adds to what it was sent, by flattened path and
	// value, and where Weir's mark stands.
	foreign *regexp.Regexp
	// mark reads Weir's mark from an object; stamp puts it into a copy of one.
	mark  func(object) mark
	stamp func(object, mark) object
}

// existing is an object as the server has it.
type existing struct {
	body object
	// query makes an update conditional on the object being still that one.
	query string
}

// mark is what Weir notes in an object that it writes: so that a later run can
// tell whether somebody else has changed it since.
type mark struct {
	ours    bool
	version int    // of the templates; see templateVersion
	hash    string // of the object's canonical form as it was sent, empty before version 4
}

var (
	kindComponent = &kind{
		name: "component template", path: "/_component_template/", list: "/_component_template/weir-*-%s*",
		parse:   listed("component_templates", "component_template"),
		foreign: templateForeign, mark: metaMark, stamp: metaStamp,
	}
	kindTemplate = &kind{
		name: "index template", path: "/_index_template/", list: "/_index_template/weir-*-%s",
		parse:   listed("index_templates", "index_template"),
		foreign: templateForeign, mark: metaMark, stamp: metaStamp,
	}
	kindILM = &kind{
		name: "lifecycle policy", path: "/_ilm/policy/", list: "/_ilm/policy/weir-*-%s",
		absent:  "this server has no index lifecycle management (ILM): nothing deletes old documents",
		parse:   parseILM,
		foreign: regexp.MustCompile(`^policy\._meta\.|\.min_age=0(ms|s)$|\.delete_searchable_snapshot=true$|^policy\.deprecated=false$`),
		mark:    func(o object) mark { return metaMark(inner(o, "policy")) },
		stamp: func(o object, m mark) object {
			return object{"policy": metaStamp(inner(o, "policy"), m)}
		},
	}
	kindISM = &kind{
		name: "state management policy", path: "/_plugins/_ism/policies/",
		absent: "this server has no index state management (ISM): nothing deletes old documents",
		parse:  parseISM,
		foreign: regexp.MustCompile(`^policy\.(policy_id|last_updated_time|schema_version|error_notification|description|user)\b` +
			`|\.retry\.(count=3|backoff=exponential|delay=1m)$|\.(copy_alias|prevent_empty_rollover)=false$|^policy\.ism_template.*\.last_updated_time=`),
		mark: func(o object) mark { return descriptionMark(inner(o, "policy")) },
		stamp: func(o object, m mark) object {
			policy := maps.Clone(inner(o, "policy"))
			policy["description"] = fmt.Sprintf("%v [weir version=%d hash=%s]", policy["description"], m.version, m.hash)
			return object{"policy": policy}
		},
	}
)

// templateForeign is for both kinds of templates. Their _meta and version are
// Weir's mark, and the mapping's _meta names the layout.
var templateForeign = regexp.MustCompile(`^_meta\b|^version=|^(created|modified)_date|^data_stream\.|^template\.lifecycle\.enabled=true$|^template\.mappings\._meta\b|^deprecated=false$`)

// inner gives a nested object, an empty one when there is none.
func inner(o object, names ...string) object {
	for _, name := range names {
		next, ok := o[name].(object)
		if !ok {
			return object{}
		}
		o = next
	}
	return o
}

const managedBy = "weir"

func metaMark(o object) mark {
	meta := inner(o, "_meta")
	m := mark{ours: meta["managed_by"] == managedBy}
	m.version, _ = strconv.Atoi(fmt.Sprint(meta["version"]))
	m.hash, _ = meta["hash"].(string)
	return m
}

func metaStamp(o object, m mark) object {
	o = maps.Clone(o)
	meta := maps.Clone(inner(o, "_meta"))
	meta["managed_by"], meta["version"], meta["hash"] = managedBy, m.version, m.hash
	o["_meta"] = meta
	return o
}

var descriptionPattern = regexp.MustCompile(`\[weir version=(\d+) hash=([0-9a-f]+)\]`)

func descriptionMark(policy object) mark {
	text, _ := policy["description"].(string)
	found := descriptionPattern.FindStringSubmatch(text)
	if found == nil {
		return mark{}
	}
	version, _ := strconv.Atoi(found[1])
	return mark{ours: true, version: version, hash: found[2]}
}

// readJSON reads JSON without rounding numbers.
func readJSON(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// listed reads {"LIST":[{"name":…,"MEMBER":{…}}]}.
func listed(list, member string) func([]byte, string) (map[string]existing, error) {
	return func(text []byte, _ string) (map[string]existing, error) {
		var answer map[string]json.RawMessage
		var items []map[string]any
		if err := json.Unmarshal(text, &answer); err != nil {
			return nil, err
		}
		if raw, ok := answer[list]; ok {
			if err := readJSON(raw, &items); err != nil {
				return nil, err
			}
		}
		all := make(map[string]existing)
		for _, it := range items {
			name, _ := it["name"].(string)
			all[name] = existing{body: inner(it, member)}
		}
		return all, nil
	}
}

// parseILM reads {"NAME":{"policy":{…},"version":…}}.
func parseILM(text []byte, _ string) (map[string]existing, error) {
	var answer map[string]any
	if err := readJSON(text, &answer); err != nil {
		return nil, err
	}
	all := make(map[string]existing)
	for name := range answer {
		if policy := inner(answer, name, "policy"); len(policy) > 0 {
			all[name] = existing{body: object{"policy": policy}}
		}
	}
	return all, nil
}

// parseISM reads {"_id":…,"_seq_no":…,"_primary_term":…,"policy":{…}}. An update
// has to name the two numbers.
func parseISM(text []byte, name string) (map[string]existing, error) {
	var answer map[string]any
	if err := readJSON(text, &answer); err != nil {
		return nil, err
	}
	query := url.Values{"if_seq_no": {fmt.Sprint(answer["_seq_no"])}, "if_primary_term": {fmt.Sprint(answer["_primary_term"])}}
	return map[string]existing{name: {body: object{"policy": inner(answer, "policy")}, query: "?" + query.Encode()}}, nil
}
