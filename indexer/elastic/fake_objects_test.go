package elastic

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// fakeObjects are the templates of a fake server, by path, as they were sent.
// Like Weir's test servers, it has no API about data streams and lifecycles.
type fakeObjects map[string]string

func (f fakeObjects) answer(r *http.Request, body string) (status int, text string, ok bool) {
	folder, name := path.Split(r.URL.Path)
	member := map[string]string{"/_index_template/": "index_template", "/_component_template/": "component_template"}[folder]
	switch {
	case member != "" && r.Method == http.MethodPut:
		if !json.Valid([]byte(body)) {
			return 400, `{"error":{"type":"parse_exception","reason":"no JSON"}}`, true
		}
		f[r.URL.Path] = body
		return 200, `{"acknowledged":true}`, true
	case member != "":
		var list []string
		for _, key := range slices.Sorted(maps.Keys(f)) {
			if match, _ := path.Match(folder+name, key); match {
				list = append(list, fmt.Sprintf(`{"name":%q,%q:%s}`, path.Base(key), member, f[key]))
			}
		}
		text = fmt.Sprintf(`{"%ss":[%s]}`, member, strings.Join(list, ","))
		if list == nil {
			return 404, text, true
		}
		return 200, text, true
	case strings.HasPrefix(r.URL.Path, "/_data_stream/"), strings.HasPrefix(r.URL.Path, "/_plugins/"), strings.HasPrefix(r.URL.Path, "/_ilm/"):
		return 400, fmt.Sprintf(`{"error":"no handler found for uri [%s] and method [%s]"}`, r.URL.Path, r.Method), true
	}
	return 0, "", false
}
