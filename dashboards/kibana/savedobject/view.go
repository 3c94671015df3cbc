package savedobject

import (
	"slices"
	"strings"
)

// Field is a field of a data view.
type Field struct {
	// Name is the dotted name in documents.
	Name string
	// Type is the field's type in the store: ip, long, double, date, keyword,
	// text, geo_point or boolean.
	Type string
	// Format is how values are shown; the zero value is the type's usual form.
	Format Format
	// Unsearchable fields are stored only: they are shown, and nothing else.
	Unsearchable bool
}

// Format is a field formatter of a data view.
type Format struct {
	id     string
	params object
}

// The formats. Bytes counts in 1024s, as the products do.
var (
	Bytes = Format{id: "bytes", params: object{"pattern": "0,0.[0]b"}}
	Plain = Format{id: "number", params: object{"pattern": "0"}}
	Count = Format{id: "number", params: object{"pattern": "0,0"}}
	// Age shows seconds in words: 3 days, 2 months.
	Age   = Format{id: "duration", params: object{"inputFormat": "seconds", "outputFormat": "humanize"}}
	Share = Format{id: "percent", params: object{"pattern": "0,0.[00]%"}}
)

// Duration shows a number in unit (nanoseconds, milliseconds, seconds) as
// seconds.
func Duration(unit string) Format {
	return Format{id: "duration", params: object{
		"inputFormat": unit, "outputFormat": "asSeconds", "outputPrecision": 1, "showSuffix": true, "useShortSuffix": true}}
}

// Milliseconds shows a number of milliseconds as such, for values that are a
// fraction of a second. A number's pattern could not name the unit.
var Milliseconds = Format{id: "duration", params: object{
	"inputFormat": "milliseconds", "outputFormat": "asMilliseconds", "outputPrecision": 0, "showSuffix": true, "useShortSuffix": true}}

// Link makes a value a link; {{value}} in the address stands for the value.
func Link(address string) Format {
	return Format{id: "url", params: object{
		"type": "a", "urlTemplate": address, "labelTemplate": "{{value}}", "openLinkInCurrentTab": false}}
}

// View is a data view (index pattern).
type View struct {
	// ID is the object's id, Pattern the data streams that it covers.
	ID, Pattern string
	// Meaning says what is in it, for documentation.
	Meaning string
	// Fields are all fields; their order does not matter.
	Fields []Field
}

// kinds are the products' own names for types of fields.
var kinds = map[string]string{
	"ip": "ip", "long": "number", "double": "number", "date": "date", "keyword": "string",
	"text": "string", "geo_point": "geo_point", "boolean": "boolean",
}

// Object gives the data view as a saved object. The list of fields is in it, so
// that OpenSearch Dashboards need not ask for it before the first panel works.
func (v *View) Object() Object {
	fields := slices.Clone(v.Fields)
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	list, formats := metaFields(), object{}
	for _, f := range fields {
		list = append(list, object{
			"name": f.Name, "type": kinds[f.Type], "esTypes": []string{f.Type}, "count": 0, "scripted": false,
			"searchable": !f.Unsearchable, "aggregatable": f.Type != "text", "readFromDocValues": f.Type != "text",
		})
		if f.Format.id != "" {
			formats[f.Name] = object{"id": f.Format.id, "params": f.Format.params}
		}
	}
	return newObject(typeView, v.ID, object{
		"title": v.Pattern, "timeFieldName": "@timestamp", "allowNoIndex": true,
		"fields": text(list), "fieldFormatMap": text(formats),
	}, nil)
}

// metaFields are those of every document.
func metaFields() []object {
	meta := func(name, kind string, searchable bool) object {
		return object{
			"name": name, "type": kind, "esTypes": []string{name}, "count": 0, "scripted": false,
			"searchable": searchable, "aggregatable": searchable, "readFromDocValues": false,
		}
	}
	score := meta("_score", "number", false)
	delete(score, "esTypes")
	return []object{meta("_id", "string", true), meta("_index", "string", true), score, meta("_source", "_source", false)}
}
