package savedobject

// Search is a saved search: a question to Discover, with the columns to show.
type Search struct {
	ID, Title, Description string
	// View is the id of the data view, Query the question in KQL.
	View, Query string
	// Columns are the fields to show beside the time.
	Columns []string
}

// Object gives the saved search as a saved object.
func (s *Search) Object() Object {
	source, references := searchSource(s.View, s.Query, object{"highlightAll": false, "version": true})
	return newObject(typeSearch, s.ID, object{
		"title": s.Title, "description": s.Description, "hits": 0, "version": 1,
		"columns": s.Columns, "sort": [][]string{{"@timestamp", "desc"}}, "kibanaSavedObjectMeta": source,
	}, references)
}
