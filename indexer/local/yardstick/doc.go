// Package yardstick measures the embedded store by the queries of a day's
// dashboard, and SQLite by the same queries over the same flows. It has tests
// only, so that SQLite stays out of the program.
//
//	go test -run '^$' -bench . ./indexer/local/yardstick
//	WEIR_BENCH_ROWS=5000000 go test -run '^$' -bench . -timeout 60m ./indexer/local/yardstick
//
// The first takes 200,000 flows, the second as many as the targets are set for.
// With WEIR_BENCH_DIR the files are kept there and used again.
package yardstick
