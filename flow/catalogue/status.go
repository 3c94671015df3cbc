package catalogue

// StatusField is a row of Status.
type StatusField struct {
	// Name is the name below flow.status.
	Name string
	// Go is the identifier: flow.Status and this.
	Go string
	// Type is U64, I64, F64, Time or Keyword.
	Type Type
	// Unit is the unit of a number, empty when it has none.
	Unit string
	// Of tells whose documents have it.
	Of StatusOf
	// Meaning explains it to a network engineer.
	Meaning string
}

// StatusOf tells whose documents have a row of Status.
type StatusOf uint8

// Documents of exporters, of the collector, or of both.
const (
	OfExporter StatusOf = 1 << iota
	OfCollector
)

// String names the documents.
func (o StatusOf) String() string {
	switch o {
	case OfExporter:
		return "exporter"
	case OfCollector:
		return "collector"
	}
	return "both"
}

// Path is the dotted name in documents.
func (f *StatusField) Path() string { return StatusObject + "." + f.Name }

// StoreType is the type in a document store.
func (f *StatusField) StoreType() string { return (&Field{Type: f.Type}).StoreType() }

// StatusObject is where the rows of Status are in documents.
const StatusObject = "flow.status"

// Status is what the documents of the stream weir-exporters can have below
// flow.status. These documents are few, so that their numbers are no fields of
// flow.Record, which every flow would carry: they are in its Extra, written by
// the setters that are generated from this table. Counts are those of the
// interval that ends at @timestamp, never since the start. The table must not be
// changed at run time.
var Status = []StatusField{
	{"interval_seconds", "Interval", F64, "s", OfExporter | OfCollector, "Length of the interval that the counts are of; it ends at @timestamp."},
	{"records", "Records", U64, "records", OfExporter | OfCollector, "Records decoded, of any kind."},
	{"bytes", "Bytes", U64, "bytes", OfExporter | OfCollector, "Payload bytes received."},
	{"datagrams", "Datagrams", U64, "messages", OfExporter | OfCollector, "Messages received: datagrams, or messages of a stream."},
	{"lost", "Lost", U64, "", OfExporter | OfCollector, "Missing by sequence number: records for netflow5, netflow7 and ipfix, messages for netflow9 and sflow5."},
	{"lost_ratio", "LostRatio", F64, "", OfExporter | OfCollector, "Part of what was sent that is missing, 0 to 1: lost by lost and received, in the unit that the sequence numbers count."},
	{"reordered", "Reordered", U64, "messages", OfExporter | OfCollector, "Messages that came after a later one."},
	{"errors", "Errors", U64, "", OfExporter | OfCollector, "Faults found in messages that cost data: what is cut off, contradicts itself or is not known. Those of missing_templates are not among them."},
	{"missing_templates", "MissingTemplates", U64, "sets", OfExporter | OfCollector, "Data sets whose template was not known when they came. They are held for it when there is room."},
	{"released_sets", "ReleasedSets", U64, "sets", OfExporter | OfCollector, "Held data sets that were decoded, as their template has come."},
	{"held_sets", "HeldSets", U64, "sets", OfExporter | OfCollector, "Data sets that wait for their template now."},
	{"held_bytes", "HeldBytes", U64, "bytes", OfExporter | OfCollector, "What they take."},
	{"templates", "Templates", U64, "", OfExporter | OfCollector, "Templates that are kept."},
	{"template_age_seconds", "TemplateAge", F64, "s", OfExporter, "Time since the definition of the template that was not sent again for longest."},
	{"template_refresh_seconds", "TemplateRefresh", F64, "s", OfExporter, "Time since the newest definition of any template."},
	{"domains", "Domains", U64, "", OfExporter, "Observation domains, source ids or sub-agents."},
	{"protocols", "Protocols", U64, "", OfExporter, "Export protocols that the exporter has spoken; flow.exporter.protocol is the one of most messages."},
	{"sampling_rate", "SamplingRate", U64, "", OfExporter, "One of how many packets was sampled, of the newest flow."},
	{"sampling_source", "SamplingSource", Keyword, "", OfExporter, "Where that rate comes from: record, options, override or assumed."},
	{"samplers", "Samplers", U64, "", OfExporter, "Rates that options data has told."},
	{"clock_skew_ms", "ClockSkew", I64, "ms", OfExporter, "Export time minus receive time of the newest message; not for sflow5, which tells none."},
	{"last_seen", "LastSeen", Time, "", OfExporter, "When the newest message was received."},
	{"silent_seconds", "Silent", F64, "s", OfExporter, "Time between that and @timestamp."},
	{"kernel_drops", "KernelDrops", U64, "datagrams", OfCollector, "Datagrams that the kernel dropped because the receive buffer was full."},
	{"receive_buffer_bytes", "ReceiveBuffer", U64, "bytes", OfCollector, "The smallest receive buffer that the kernel granted to a listener."},
	{"receive_queue_bytes", "ReceiveQueue", U64, "bytes", OfCollector, "Bytes received and not yet decoded."},
	{"dropped_datagrams", "DroppedDatagrams", U64, "datagrams", OfCollector, "Datagrams received but dropped undecoded: too long, or at a stop."},
	{"connections", "Connections", U64, "", OfCollector, "Stream connections open."},
	{"refused_connections", "RefusedConnections", U64, "", OfCollector, "Stream connections refused, failed TLS handshakes too."},
	{"queue_batches", "QueueBatches", U64, "batches", OfCollector, "Batches that wait for sinks."},
	{"queue_bytes", "QueueBytes", U64, "bytes", OfCollector, "Bytes of encoded documents that wait for servers or are being sent."},
	{"queue_documents", "QueueDocuments", U64, "documents", OfCollector, "Those documents."},
	{"indexed", "Indexed", U64, "documents", OfCollector, "Documents that servers have taken."},
	{"duplicates", "Duplicates", U64, "documents", OfCollector, "Documents that servers had already."},
	{"rejected", "Rejected", U64, "documents", OfCollector, "Documents that servers refused for good; weir-rejected has them."},
	{"retries", "Retries", U64, "documents", OfCollector, "Documents that were sent once more, each time."},
	{"stored", "Stored", U64, "records", OfCollector, "Records that the embedded store has taken."},
	{"dropped", "Dropped", U64, "records", OfCollector, "Records lost on the way to sinks or servers: the sum of dropped_… below."},
	{"dropped_queue_full", "DroppedQueueFull", U64, "records", OfCollector, "Of those: records came faster than a sink or server takes them."},
	{"dropped_server_down", "DroppedServerDown", U64, "records", OfCollector, "Of those: the queue was full because no server answers."},
	{"dropped_sink_stalled", "DroppedSinkStalled", U64, "records", OfCollector, "Of those: a sink made no progress."},
	{"dropped_disk", "DroppedDisk", U64, "records", OfCollector, "Of those: a disk took no more, or failed."},
	{"dropped_shutdown", "DroppedShutdown", U64, "records", OfCollector, "Of those: the time for a graceful stop was over."},
	{"dropped_other", "DroppedOther", U64, "records", OfCollector, "Of those: for other reasons, which weir_indexer_dropped_records_total and weir_elastic_documents_total tell."},
	{"records_per_second", "RecordsPerSecond", F64, "1/s", OfCollector, "Records decoded by second."},
	{"cpu_seconds", "CPU", F64, "s", OfCollector, "Processor time that the collector used, of all cores."},
	{"memory_bytes", "Memory", U64, "bytes", OfCollector, "Resident memory of the collector."},
	{"goroutines", "Goroutines", U64, "", OfCollector, "Goroutines of the collector."},
	{"open_files", "OpenFiles", U64, "", OfCollector, "File descriptors of the collector."},
	{"uptime_seconds", "Uptime", F64, "s", OfCollector, "Time since the collector started."},
	{"exporters", "Exporters", U64, "", OfCollector, "Exporters that have documents of their own."},
	{"exporters_active", "ExportersActive", U64, "", OfCollector, "Those that sent something in the interval."},
	{"exporters_left_out", "ExportersLeftOut", U64, "", OfCollector, "Exporters that there was no room for; their counts are in the collector's."},
	{"version", "Version", Keyword, "", OfCollector, "Version of the collector."},
}
