// Package collector receives what exporters send: it owns the sockets, and turns
// datagrams and stream messages into batches of flow records.
//
// A UDP endpoint has one socket per worker (SO_REUSEPORT, so that one exporter
// stays on one socket). A socket's reader only receives, in batches, and copies
// into a queue that is bounded in bytes; a second goroutine decodes, enriches and
// hands batches over. When the queue is full the reader waits: the kernel then
// drops, and counts what it dropped. A TCP or TLS endpoint has one goroutine per
// connection, which reads IPFIX messages by their length field and NetFlow v9 by
// walking FlowSets, and waits when the sinks do, so that the exporter slows down
// instead of losing records.
//
// The package does not know what a flow means: decoding is done by the decoders
// that it is given, enrichment by the function that it is given, and storage by
// whoever takes the batches. It runs on Linux only, because it relies on
// recvmmsg, SO_REUSEPORT, SO_RXQ_OVFL and SO_MEMINFO.
package collector
