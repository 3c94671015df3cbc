// Package yardstick measures what a flow costs in Elasticsearch and OpenSearch:
// room on disk, and the time and the processor of Weir itself. It writes flows as
// a small provider has them through a real sink to real servers, and holds what
// the servers count and sum against what was written. It has tests only.
//
//	WEIR_REQUIRE=1 go test -run Flows -v ./indexer/elastic/yardstick
//	WEIR_YARDSTICK=1 go test -run Flows -v -timeout 60m ./indexer/elastic/yardstick
//
// The first writes a million flows to one server and fewer to the others; the
// second a million to each in the profiles lean and min, and holds the room that
// they take against the targets.
//
// More variables choose what the second does: WEIR_YARDSTICK_FLOWS how many,
// WEIR_YARDSTICK_SERVERS to which (the names of indexer/servers, with commas),
// WEIR_YARDSTICK_FIELDS in which profile. Two try other layouts:
// WEIR_YARDSTICK_SETTINGS has settings of the index as JSON, null to leave one
// out, and WEIR_YARDSTICK_INDEXED=1 gives every field a search index.
package yardstick
