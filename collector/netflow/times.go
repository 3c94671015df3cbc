package netflow

import (
	"encoding/binary"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// unixNanos is a point in time in nanoseconds since the Unix epoch; 0 is not
// known. uptimeMillis is one in milliseconds since the exporter's boot, modulo
// 2^32. The types keep the units apart; lengths are time.Duration.
type (
	unixNanos    int64
	uptimeMillis uint32
)

// unixSeconds gives the time of a header's seconds.
func unixSeconds(s uint32) unixNanos { return unixNanos(s) * unixNanos(time.Second) }

func (t unixNanos) add(d time.Duration) unixNanos { return t + unixNanos(d) }
func (t unixNanos) sub(u unixNanos) time.Duration { return time.Duration(t - u) }

// length is the uptime as the time since boot, without the wraps.
func (u uptimeMillis) length() time.Duration { return time.Duration(u) * time.Millisecond }

// ntpEpoch is the seconds from NTP's epoch (1900) to Unix's (1970).
const ntpEpoch = 2208988800

// Seconds beyond maxSeconds do not fit Unix nanoseconds in 63 bits.
const maxSeconds = (1<<63 - 1) / 1_000_000_000

// instant reads an absolute time of RFC 7011 section 6.1. A number of 0 is what
// exporters send when they do not know.
func instant(typ ipfix.DataType, v []byte) (t unixNanos, ok bool) {
	switch {
	case typ == ipfix.DateTimeSeconds && len(v) <= 8:
		if x := number(v); x <= maxSeconds {
			return unixNanos(x) * unixNanos(time.Second), x != 0
		}
	case typ == ipfix.DateTimeMilliseconds && len(v) <= 8:
		if x := number(v); x <= maxSeconds*1000 {
			return unixNanos(x) * unixNanos(time.Millisecond), x != 0
		}
	case len(v) == 8: // NTP: seconds, then a fraction of 2^32
		seconds, fraction := binary.BigEndian.Uint32(v), uint64(binary.BigEndian.Uint32(v[4:]))
		whole, nanos := unixNanos(int64(seconds)-ntpEpoch)*unixNanos(time.Second), unixNanos(fraction*1e9>>32)
		if typ == ipfix.DateTimeMicroseconds {
			fraction &^= 0x7ff // RFC 7011 section 6.1.9: below a microsecond's precision
			nanos = unixNanos((fraction*1e6+1<<31)>>32) * unixNanos(time.Microsecond)
		}
		return whole + nanos, seconds != 0 || fraction != 0
	}
	return 0, false
}

// moments is what a record says of its times.
type moments struct {
	start, end, observed, boot unixNanos // 0 for not there
	startFine, endFine         ipfix.DataType
	duration                   time.Duration
	startUptime, endUptime     uptimeMillis
	hasDuration                bool
	hasStartUptime             bool
	hasEndUptime               bool
}

// time notes a time element of the record. Of several that say the same the
// finest counts; the data types stand in that order.
func (s *moments) time(p *step, v []byte, exported unixNanos) {
	switch p.index {
	case timeStart:
		if t, ok := instant(p.typ, v); ok && p.typ > s.startFine {
			s.start, s.startFine = t, p.typ
		}
	case timeEnd:
		if t, ok := instant(p.typ, v); ok && p.typ > s.endFine {
			s.end, s.endFine = t, p.typ
		}
	case timeObserved:
		if t, ok := instant(p.typ, v); ok {
			s.observed = t
		}
	case timeBoot:
		if t, ok := instant(p.typ, v); ok {
			s.boot = t
		}
	case timeStartUptime:
		s.startUptime, s.hasStartUptime = uptimeMillis(number(v)), true
	case timeEndUptime:
		s.endUptime, s.hasEndUptime = uptimeMillis(number(v)), true
	case timeStartDelta:
		s.start = exported.add(-time.Duration(uint32(number(v))) * time.Microsecond)
	case timeEndDelta:
		s.end = exported.add(-time.Duration(uint32(number(v))) * time.Microsecond)
	case timeDurationMillis:
		s.duration, s.hasDuration = time.Duration(uint32(number(v)))*time.Millisecond, true
	case timeDurationMicros:
		s.duration, s.hasDuration = time.Duration(uint32(number(v)))*time.Microsecond, true
	}
}

// Values of flow.time_source.
const (
	sourceAbsolute = "absolute"
	sourceUptime   = "uptime"
	sourceHeader   = "header"
	sourceReceived = "received"
)

// times brings the record's times together: absolute elements, else those
// relative to the boot time, else the message's own time; the receive time when
// the result is further off than Config.MaxClockSkew.
func (m *run) times(r *flow.Record) {
	s := &m.scratch
	start, end, source := m.exported, m.exported, sourceHeader
	boot, hasBoot := m.boot, m.hasBoot
	if s.boot != 0 {
		boot, hasBoot = s.boot, true
	}
	switch {
	case s.start != 0 || s.end != 0:
		start, end, source = s.start, s.end, sourceAbsolute
		if end == 0 && s.observed != 0 && !s.hasDuration {
			end = s.observed // a firewall's event, with the time that its flow began
		}
		start, end = s.complete(start, start != 0, end, end != 0)
	case (s.hasStartUptime || s.hasEndUptime) && hasBoot:
		start, end = s.complete(m.sinceBoot(boot, s.startUptime), s.hasStartUptime, m.sinceBoot(boot, s.endUptime), s.hasEndUptime)
		source = sourceUptime
	case s.hasStartUptime && s.hasEndUptime:
		// No boot time is known (RouterOS before 7 does not send element 160):
		// the length is right, the end is about the export time.
		start = end.add(-(s.endUptime - s.startUptime).length())
	case s.observed != 0:
		start, end, source = s.observed.add(-s.duration), s.observed, sourceAbsolute
	case s.hasDuration:
		start = end.add(-s.duration)
	}
	if start > end {
		start = end
	}
	if limit := m.store.cfg.MaxClockSkew; m.origin.Received != 0 && limit > 0 {
		received := unixNanos(m.origin.Received)
		if off := end.sub(received); off > limit || off < -limit {
			length := end.sub(start)
			if length > 24*time.Hour || length < 0 {
				length = 0
			}
			start, end, source = received.add(-length), received, sourceReceived
		}
	}
	r.SetTimestamp(int64(end))
	r.SetEventStart(int64(start))
	r.SetEventEnd(int64(end))
	r.SetEventDuration(int64(max(end.sub(start), 0))) // from 1900 to 2262 is more than 64 bits hold
	r.SetFlowTimeSource(source)
}

// complete fills the missing one of two times from the duration.
func (s *moments) complete(start unixNanos, hasStart bool, end unixNanos, hasEnd bool) (unixNanos, unixNanos) {
	switch {
	case hasStart && hasEnd:
		return start, end
	case hasEnd:
		return end.add(-s.duration), end
	}
	return start, start.add(s.duration)
}

// sinceBoot turns milliseconds since boot, which wrap after 49.7 days, into a
// time. Of the readings modulo 2^32 the one nearest to the export time holds.
func (m *run) sinceBoot(boot unixNanos, uptime uptimeMillis) unixNanos {
	now := m.exported.sub(boot) / time.Millisecond
	before := int32(uptimeMillis(now) - uptime)
	return boot.add((now - time.Duration(before)) * time.Millisecond)
}
