// Package yardstick measures what a flow costs in Elasticsearch and OpenSearch:
// room on disk, and the time and the processor of Weir itself. It writes flows as
// a small provider has them through a real sink to real servers, and holds what
// the servers count and sum against what was written. It has tests only.
//
//	go test -run Flows -v ./indexer/elastic/yardstick
//	WEIR_YARDSTICK=1 go test -run Flows -v -timeout 60m ./indexer/elastic/yardstick
//
// The first writes a million flows to one server and fewer to the others; the
// second a million to each in the profiles lean and min, and holds the room that
// they take against the targets. With WEIR_YARDSTICK_SETTINGS, JSON of index
// settings, and WEIR_YARDSTICK_SERVERS, names of servers, it tries other layouts.
package yardstick
