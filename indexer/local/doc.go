// Package local is the embedded store: flows on the collector's own disk, so
// that one command is enough to keep and query them. It holds a folder with a
// write-ahead log and Parquet segments, and is a sink of the indexer.
//
// What is appended goes to the current log file, one sync for all that arrives
// while another sync runs, and into a table in memory. By rows and by time the
// log is closed; its table becomes a segment in the background, and the log file
// is deleted. The manifest says which segments count and which log files are in
// them; it is replaced as a whole, so that a crash at any moment loses nothing
// that was acknowledged and doubles nothing. Old segments go by age and by the
// size of all; small ones are merged. Readers get a snapshot: the segments and
// the tables of one moment.
//
// The store runs no queries: indexer/local/engine does, over a Snapshot's blocks.
package local
