package elastic

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// longestOriginal bounds the copy of a rejected document, in bytes.
const longestOriginal = 32 << 10

// rejection is a document about a document that the server refused for good,
// in ECS terms.
type rejection struct {
	Timestamp time.Time `json:"@timestamp"`
	Event     struct {
		Kind     string `json:"kind"`
		Original string `json:"original"`
	} `json:"event"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Code    string `json:"code"`
	} `json:"error"`
}

// reject counts document i of b as refused, and adds a document about it to the
// report, which it makes when it is nil. Refused reports are only counted.
func (w *sender) reject(b *body, i int, it *item, report *body) *body {
	if b.report {
		w.metrics.reports.WithLabelValues("lost").Inc()
		return report
	}
	w.metrics.reject(it.kind)
	if report == nil {
		report = &body{report: true, born: time.Now()}
		if w.quiet.Allow() {
			w.log.Warn("the server rejects documents; see the data stream of rejected ones",
				"stream", streamRejected+w.config.Namespace, "status", it.status, "type", clip(it.kind, 100), "reason", clip(it.reason, 500))
		}
	}
	var r rejection
	r.Timestamp = time.Now().UTC()
	r.Event.Kind = "pipeline_error"
	_, source, _ := bytes.Cut(bytes.TrimSuffix(b.document(i), []byte{'\n'}), []byte{'\n'})
	r.Event.Original = clip(string(source), longestOriginal)
	r.Error.Type, r.Error.Message, r.Error.Code = clip(it.kind, 200), clip(it.reason, 4<<10), strconv.Itoa(it.status)
	text, err := json.Marshal(r)
	if err != nil {
		w.metrics.reports.WithLabelValues("lost").Inc()
		return report
	}
	report.raw = append(append(append(report.raw, w.report...), text...), '\n')
	report.end()
	return report
}

// file queues a report when there is room for it.
func (w *sender) file(report *body) {
	if bytes, _, _, _ := w.queue.load(); bytes+int64(len(report.raw)) > w.config.QueueBytes+int64(w.config.FlushBytes) {
		w.metrics.dropBody(report, reasonQueueFull)
		return
	}
	w.queue.push(report)
}
