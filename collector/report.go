package collector

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/weirflow/weir/collector/message"
)

// Logged for each reason: logBurst lines at once, then one each logInterval.
const (
	logInterval = 10 * time.Second
	logBurst    = 3
)

// limitedLog is one kind of log line that the network can trigger.
type limitedLog struct {
	limiter    *rate.Limiter
	suppressed atomic.Uint64
}

func newLimitedLog() *limitedLog {
	return &limitedLog{limiter: rate.NewLimiter(rate.Every(logInterval), logBurst)}
}

// allow reports whether to write the line, and how many were left out since the
// last one.
func (l *limitedLog) allow(now time.Time) (suppressed uint64, ok bool) {
	if !l.limiter.AllowN(now, 1) {
		l.suppressed.Add(1)
		return 0, false
	}
	return l.suppressed.Swap(0), true
}

// reporter writes about what is wrong with what comes in, a limited number of
// lines for each reason. Safe for concurrent use.
type reporter struct {
	log      *slog.Logger
	now      func() time.Time
	problems [message.NumReasons]*limitedLog
	// connections is by reason of the end of a connection, handshakes by reason
	// of the failure; both are complete when made and never written to.
	connections map[string]*limitedLog
	handshakes  map[string]*limitedLog
	accept      *limitedLog
}

func newReporter(log *slog.Logger, now func() time.Time) *reporter {
	r := &reporter{log: log, now: now, accept: newLimitedLog(), connections: map[string]*limitedLog{}, handshakes: map[string]*limitedLog{}}
	for i := range r.problems {
		r.problems[i] = newLimitedLog()
	}
	for _, reason := range append([]string{refusedLimit}, closeReasons...) {
		r.connections[reason] = newLimitedLog()
	}
	for _, reason := range handshakeReasons {
		r.handshakes[reason] = newLimitedLog()
	}
	return r
}

// write logs a line when l allows it.
func (r *reporter) write(level slog.Level, l *limitedLog, text string, attributes ...slog.Attr) {
	suppressed, ok := l.allow(r.now())
	if !ok {
		return
	}
	if suppressed > 0 {
		attributes = append(attributes, slog.Uint64("suppressed", suppressed))
	}
	r.log.LogAttrs(context.Background(), level, text, attributes...)
}

// problem reports the first problem of a message.
func (r *reporter) problem(o *message.Origin, e *message.Error) {
	level := slog.LevelWarn
	switch {
	case e.Reason == message.ReasonTemplateEvicted: // hostile, or a limit to raise
	case e.Reason.Harmless():
		level = slog.LevelDebug
	case e.Reason == message.ReasonNoTemplate:
		level = slog.LevelInfo // the usual start of a UDP exporter
	}
	r.write(level, r.problems[e.Reason], "problem in a message",
		slog.String("reason", e.Reason.String()), slog.String("exporter", exporterName(o)), slog.String("transport", o.Transport),
		slog.String("protocol", e.Protocol.String()), slog.Uint64("domain", uint64(e.Domain)), slog.Int("set", int(e.Set)),
		slog.Int("offset", e.Offset), slog.Any("error", e.Err), slog.String("advice", advice(e.Reason)))
}

func exporterName(o *message.Origin) string {
	if o.Name != "" {
		return o.Name
	}
	return o.Addr.String()
}

// advice says what to do about a reason.
func advice(r message.Reason) string {
	switch r {
	case message.ReasonUnknownVersion:
		return "check what is sent to this port; Weir takes NetFlow v1, v5, v7 and v9, IPFIX and sFlow v5"
	case message.ReasonNoTemplate:
		return "wait for the exporter's next templates; if it lasts, shorten its template refresh (1 to 5 minutes)"
	case message.ReasonTemplateLimit, message.ReasonTemplateEvicted, message.ReasonExporterLimit, message.ReasonSamplerLimit:
		return "raise the limit if this exporter is genuine; otherwise restrict who may send"
	case message.ReasonProtocolNotAllowed:
		return "send this protocol to another port, or widen only= of the endpoint"
	case message.ReasonListTemplate:
		return "let the exporter send the templates of its lists more often; the bytes were kept in flow.ie"
	case message.ReasonListLimit:
		return "nothing; the beginning of the list was used"
	case message.ReasonCountMismatch:
		return "nothing; the records that are there were used"
	case message.ReasonUnknownSample:
		return "nothing; samples of this format are left out"
	case message.ReasonTruncatedHeader, message.ReasonTruncatedSet, message.ReasonTruncatedRecord, message.ReasonTruncatedSample:
		return "look for a device that cuts datagrams or drops fragments; lower the exporter's message size below the path MTU"
	default:
		return "capture this exporter's messages (tcpdump -w) and report the fault to its vendor"
	}
}
