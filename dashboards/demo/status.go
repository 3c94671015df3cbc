package demo

import (
	"math"
	"time"

	"github.com/weirflow/weir/flow"
)

// troubles are when something is wrong, as time before the end: an exporter that
// is silent, one that comes back with unknown templates, a burst that the kernel
// drops, a server that is slow.
var (
	silent   = [2]time.Duration{3 * time.Hour, 2*time.Hour + 35*time.Minute}
	unknown  = [2]time.Duration{2*time.Hour + 35*time.Minute, 2*time.Hour + 20*time.Minute}
	burst    = [2]time.Duration{7*time.Hour + 10*time.Minute, 7 * time.Hour}
	slowness = [2]time.Duration{13 * time.Hour, 12*time.Hour + 20*time.Minute}
)

func (m *maker) within(at time.Time, trouble [2]time.Duration) bool {
	before := m.c.End.Sub(at)
	return before <= trouble[0] && before > trouble[1]
}

// states writes documents about each exporter, and about the collector, with what
// they count in a minute.
func (m *maker) states() {
	started := m.start.Add(-61 * time.Hour)
	for at := m.start.Truncate(time.Minute).Add(time.Minute); !at.After(m.c.End); at = at.Add(m.c.StateInterval) {
		records := uint64(0)
		for _, x := range exporters {
			records += m.state(x, at)
		}
		m.collector(at, records, at.Sub(started))
	}
}

func (m *maker) status(at time.Time) *flow.Record {
	r := m.w.Next()
	r.Kind = flow.KindExporter
	r.SetTimestamp(at.UnixNano())
	r.AddStatusFloat(flow.StatusInterval, 60)
	return r
}

// pace is how many records an exporter sends in a minute at its busiest.
var pace = map[*exporter]float64{&edge: 2400, &graz: 700, &linz: 260, &core: 5200, &firewall: 900, &probe: 1500, &backbone: 21000, &translator: 8800}

// state writes an exporter's document, and gives its records.
func (m *maker) state(x *exporter, at time.Time) uint64 {
	c, quiet := &office, x == &graz && m.within(at, silent)
	if x.tenant == isp {
		c = &evening
	}
	records := uint64(pace[x] * c.at(at) * (.9 + .2*m.rnd.Float64()))
	if quiet {
		records = 0
	}
	datagrams := (records + 23) / 24
	r := m.status(at)
	r.SetObserverIP(x.ip())
	r.SetObserverName(x.name)
	r.SetFlowExporterProtocol(x.protocol)
	r.SetFlowExporterTransport(x.transport)
	r.SetFlowExporterDomain(x.domain)
	r.AddStatus(flow.StatusRecords, records)
	r.AddStatus(flow.StatusBytes, records*58)
	r.AddStatus(flow.StatusDatagrams, datagrams)
	m.loss(r, x, c.at(at), records)
	errors, missing, held := uint64(0), uint64(0), uint64(0)
	if x == &graz && m.within(at, unknown) {
		missing, held = datagrams, datagrams*uint64(m.between(1, 5))
	}
	if x == &core && m.chance(.02) {
		errors = uint64(m.between(1, 3))
	}
	r.AddStatus(flow.StatusErrors, errors)
	r.AddStatus(flow.StatusMissingTemplates, missing)
	r.AddStatus(flow.StatusReleasedSets, held/4)
	r.AddStatus(flow.StatusHeldSets, held)
	r.AddStatus(flow.StatusHeldBytes, held*1200)
	if x.protocol == "ipfix" || x.protocol == "netflow9" {
		refresh := 600.0
		if x == &linz || x == &translator {
			refresh = 1800
		}
		r.AddStatus(flow.StatusTemplates, uint64(3+len(x.ports)))
		age := math.Mod(float64(at.Unix())+float64(x.domain), refresh)
		r.AddStatusFloat(flow.StatusTemplateAge, age)
		r.AddStatusFloat(flow.StatusTemplateRefresh, age/3)
	}
	r.AddStatus(flow.StatusDomains, 1)
	r.AddStatus(flow.StatusProtocols, 1)
	r.AddStatus(flow.StatusSamplingRate, x.rate)
	r.AddStatusText(flow.StatusSamplingSource, x.source)
	if x.source == "options" {
		r.AddStatus(flow.StatusSamplers, 1)
	}
	if x.protocol != "sflow5" {
		drift := int64(0)
		if x == &linz { // its clock runs away
			drift = int64(90 * at.Sub(m.start).Hours())
		}
		r.AddStatus(flow.StatusClockSkew, uint64(x.skew+drift+int64(m.between(-4, 4))))
	}
	seen := at.Add(-time.Duration(m.between(50, 2500)) * time.Millisecond)
	if quiet {
		seen = m.c.End.Add(-silent[0])
	}
	r.AddStatus(flow.StatusLastSeen, uint64(seen.UnixNano()))
	r.AddStatusFloat(flow.StatusSilent, at.Sub(seen).Seconds())
	return records
}

// loss sets what is missing by the sequence numbers: some of a branch behind a
// full line, now and then some of the backbone.
func (m *maker) loss(r *flow.Record, x *exporter, busy float64, records uint64) {
	ratio := 0.0
	switch {
	case x == &linz && busy > .6:
		ratio = .01 + .03*m.rnd.Float64()
	case x == &backbone && m.chance(.02):
		ratio = .004 * m.rnd.Float64()
	}
	lost := uint64(float64(records) * ratio)
	r.AddStatus(flow.StatusLost, lost)
	r.AddStatus(flow.StatusReordered, uint64(float64(lost)/5))
	if records+lost > 0 {
		r.AddStatusFloat(flow.StatusLostRatio, float64(lost)/float64(records+lost))
	}
}

// collector writes the collector's own document.
func (m *maker) collector(at time.Time, records uint64, up time.Duration) {
	r := m.status(at)
	r.SetEventAction(flow.ActionCollector)
	r.SetObserverName("collector1.works.example")
	drops, retries, queue, dropped := uint64(0), uint64(0), uint64(m.between(80, 400))<<10, uint64(0)
	if m.within(at, burst) {
		drops, dropped = uint64(m.between(200, 2500)), uint64(m.between(0, 40))
	}
	if m.within(at, slowness) {
		queue, retries = uint64(m.between(8, 60))<<20, uint64(m.between(100, 3000))
	}
	rejected := uint64(0)
	if m.chance(.01) {
		rejected = 1
	}
	r.AddStatus(flow.StatusRecords, records)
	r.AddStatus(flow.StatusBytes, records*58)
	r.AddStatus(flow.StatusDatagrams, records/24)
	r.AddStatus(flow.StatusLost, 0)
	r.AddStatusFloat(flow.StatusLostRatio, 0)
	r.AddStatus(flow.StatusErrors, 0)
	r.AddStatus(flow.StatusKernelDrops, drops)
	r.AddStatus(flow.StatusReceiveBuffer, 8<<20)
	r.AddStatus(flow.StatusReceiveQueue, uint64(m.between(0, 90))<<10)
	r.AddStatus(flow.StatusDroppedDatagrams, 0)
	r.AddStatus(flow.StatusConnections, 2)
	r.AddStatus(flow.StatusRefusedConnections, rejected)
	r.AddStatus(flow.StatusQueueBatches, queue>>20)
	r.AddStatus(flow.StatusQueueBytes, queue)
	r.AddStatus(flow.StatusQueueDocuments, queue/800)
	r.AddStatus(flow.StatusIndexed, records-rejected-dropped)
	r.AddStatus(flow.StatusRejected, rejected)
	r.AddStatus(flow.StatusRetries, retries)
	r.AddStatus(flow.StatusStored, 0)
	r.AddStatus(flow.StatusDropped, dropped)
	r.AddStatus(flow.StatusDroppedQueueFull, dropped)
	r.AddStatusFloat(flow.StatusRecordsPerSecond, float64(records)/60)
	r.AddStatusFloat(flow.StatusCPU, float64(records)/90000+.4)
	r.AddStatus(flow.StatusMemory, uint64(m.between(170, 190))<<20+queue)
	r.AddStatus(flow.StatusGoroutines, uint64(m.between(40, 46)))
	r.AddStatus(flow.StatusOpenFiles, uint64(m.between(30, 34)))
	r.AddStatusFloat(flow.StatusUptime, up.Seconds())
	r.AddStatus(flow.StatusExporters, uint64(len(exporters)))
	r.AddStatus(flow.StatusExportersActive, uint64(len(exporters)))
	r.AddStatusText(flow.StatusVersion, "demo")
}
