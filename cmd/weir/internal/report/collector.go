package report

import (
	"math"

	dto "github.com/prometheus/client_model/go"

	"github.com/weirflow/weir/flow"
)

// source says which metric feeds a status.
type source struct {
	status flow.Status
	metric string
	// label and values select series; no label takes all of them. without takes
	// those whose label has another value.
	label   string
	values  []string
	without bool
	// least takes the least of the series instead of their sum.
	least bool
}

// sources are what of the collector's document comes from metrics. Several for
// one status add up. Counters are reported as what has come since the report
// before.
var sources = []source{
	{status: flow.StatusKernelDrops, metric: "weir_collector_kernel_drops_total"},
	{status: flow.StatusReceiveBuffer, metric: "weir_collector_receive_buffer_bytes", least: true},
	{status: flow.StatusReceiveQueue, metric: "weir_collector_queue_bytes"},
	{status: flow.StatusDroppedDatagrams, metric: "weir_collector_dropped_datagrams_total"},
	{status: flow.StatusConnections, metric: "weir_collector_connections"},
	{status: flow.StatusRefusedConnections, metric: "weir_collector_connections_refused_total"},
	{status: flow.StatusRefusedConnections, metric: "weir_collector_tls_handshake_failures_total"},
	{status: flow.StatusTemplates, metric: "weir_netflow_templates"},
	{status: flow.StatusHeldSets, metric: "weir_netflow_waiting_sets"},
	{status: flow.StatusHeldBytes, metric: "weir_netflow_waiting_bytes"},
	{status: flow.StatusQueueBatches, metric: "weir_index_queue_batches"},
	{status: flow.StatusQueueBytes, metric: "weir_elastic_queue_bytes"},
	{status: flow.StatusQueueDocuments, metric: "weir_elastic_queue_documents"},
	{status: flow.StatusIndexed, metric: documents, label: "result", values: []string{"indexed"}},
	{status: flow.StatusDuplicates, metric: documents, label: "result", values: []string{"duplicate"}},
	{status: flow.StatusRejected, metric: documents, label: "result", values: []string{"rejected"}},
	{status: flow.StatusRetries, metric: "weir_elastic_retried_documents_total"},
	{status: flow.StatusStored, metric: "weir_local_appended_records_total"},
	{status: flow.StatusDroppedQueueFull, metric: indexDropped, label: "reason", values: []string{"queue_full"}},
	{status: flow.StatusDroppedSinkStalled, metric: indexDropped, label: "reason", values: []string{"sink_stalled"}},
	{status: flow.StatusDroppedShutdown, metric: indexDropped, label: "reason", values: []string{"shutdown"}},
	{status: flow.StatusDroppedOther, metric: indexDropped, label: "reason", values: []string{"queue_full", "sink_stalled", "shutdown"}, without: true},
	{status: flow.StatusDroppedDisk, metric: localDropped, label: "reason", values: []string{"shutdown"}, without: true},
	{status: flow.StatusDroppedShutdown, metric: localDropped, label: "reason", values: []string{"shutdown"}},
	{status: flow.StatusDroppedShutdown, metric: "weir_collector_dropped_records_total"},
	{status: flow.StatusDroppedShutdown, metric: "weir_rollup_dropped_records_total"},
	{status: flow.StatusDroppedDisk, metric: "weir_ndjson_lost_documents_total"},
	{status: flow.StatusRollupSums, metric: "weir_rollup_open_sums"},
	{status: flow.StatusCPU, metric: "process_cpu_seconds_total"},
	{status: flow.StatusMemory, metric: "process_resident_memory_bytes"},
	{status: flow.StatusGoroutines, metric: "go_goroutines"},
	{status: flow.StatusOpenFiles, metric: "process_open_fds"},
}

// Metrics that several sources read.
const (
	documents    = "weir_elastic_documents_total"
	indexDropped = "weir_index_dropped_records_total"
	localDropped = "weir_local_dropped_records_total"
	// startTime gives uptime_seconds.
	startTime = "process_start_time_seconds"
)

// elasticReasons are the reasons of documents that were dropped on the way to a
// server; others count as other.
var elasticReasons = map[string]flow.Status{
	"queue_full": flow.StatusDroppedQueueFull, "server_down": flow.StatusDroppedServerDown, "shutdown": flow.StatusDroppedShutdown,
}

// dropped are the rows that flow.status.dropped is the sum of.
var dropped = []flow.Status{flow.StatusDroppedQueueFull, flow.StatusDroppedServerDown, flow.StatusDroppedSinkStalled, flow.StatusDroppedDisk,
	flow.StatusDroppedShutdown, flow.StatusDroppedOther}

// collector writes the collector's own document. What metrics do not tell, as
// those of the collector are gone at the end, is left out.
func (r *Reporter) collector(p *page, sum summary) {
	gauges, counters, started := r.read()
	doc := p.next()
	doc.SetEventAction(flow.ActionCollector)
	if r.d.Host != "" {
		doc.SetObserverName(r.d.Host)
	}
	sum.counts.write(doc)
	if p.seconds > 0 {
		doc.AddStatusFloat(flow.StatusRecordsPerSecond, float64(sum.counts.records)/p.seconds)
	}
	doc.AddStatus(flow.StatusExporters, uint64(sum.exporters))
	doc.AddStatus(flow.StatusExportersActive, uint64(sum.active))
	lost := 0.0
	for s := range flow.NumStatus {
		if v, ok := counters[s]; ok {
			before := r.counts[s]
			if v < before { // it began anew
				before = 0
			}
			number(doc, s, v-before)
			for _, d := range dropped {
				if d == s {
					lost += v - before
				}
			}
		} else if v, ok := gauges[s]; ok {
			number(doc, s, v)
		}
	}
	number(doc, flow.StatusDropped, lost)
	if started > 0 {
		doc.AddStatusFloat(flow.StatusUptime, max(0, float64(p.now.UnixNano())/1e9-started))
	}
	if r.d.Version != "" {
		doc.AddStatusText(flow.StatusVersion, r.d.Version)
	}
	for s, v := range r.counts {
		if _, ok := counters[s]; !ok {
			counters[s] = v
		}
	}
	r.counts = counters
}

// number adds a value to a row of whatever type.
func number(doc *flow.Record, s flow.Status, v float64) {
	if !doc.AddStatusFloat(s, v) {
		doc.AddStatus(s, uint64(min(max(0, math.Round(v)), 1<<62)))
	}
}

// read gives the values of metrics, gauges and counters apart, and when the
// process started, in Unix seconds.
func (r *Reporter) read() (gauges, counters map[flow.Status]float64, started float64) {
	gauges, counters = map[flow.Status]float64{}, map[flow.Status]float64{}
	families, _ := r.d.Gatherer.Gather() // what could be gathered is given beside an error
	byName := make(map[string]*dto.MetricFamily, len(families))
	for _, f := range families {
		byName[f.GetName()] = f
	}
	for i := range sources {
		s := &sources[i]
		f := byName[s.metric]
		if f == nil {
			continue
		}
		into := gauges
		if f.GetType() == dto.MetricType_COUNTER {
			into = counters
		}
		for _, m := range f.GetMetric() {
			if !s.takes(m) {
				continue
			}
			v, known := value(m), false
			if s.least {
				if _, known = into[s.status]; known {
					v = min(v, into[s.status])
				}
				into[s.status] = v
				continue
			}
			into[s.status] += v
		}
	}
	for _, m := range byName[documents].GetMetric() {
		if labelOf(m, "result") != "dropped" {
			continue
		}
		s, known := elasticReasons[labelOf(m, "reason")]
		if !known {
			s = flow.StatusDroppedOther
		}
		counters[s] += value(m)
	}
	for _, m := range byName[startTime].GetMetric() {
		started = value(m)
	}
	return gauges, counters, started
}

func (s *source) takes(m *dto.Metric) bool {
	if s.label == "" {
		return true
	}
	found := false
	for _, v := range s.values {
		found = found || v == labelOf(m, s.label)
	}
	return found != s.without
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func value(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	}
	return m.GetUntyped().GetValue()
}
