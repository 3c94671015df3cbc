package netflow

import (
	"encoding/binary"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// ntpEpoch is the seconds from NTP's epoch (1900) to Unix's (1970).
const ntpEpoch = 2208988800

// Seconds beyond maxSeconds do not fit Unix nanoseconds in 63 bits.
const maxSeconds = (1<<63 - 1) / 1_000_000_000

// instant reads an absolute time of RFC 7011 section 6.1 as Unix nanoseconds.
func instant(typ ipfix.DataType, v []byte) (ns int64, ok bool) {
	switch {
	case typ == ipfix.DateTimeSeconds && len(v) <= 8:
		if x := number(v); x <= maxSeconds {
			return int64(x) * 1e9, true
		}
	case typ == ipfix.DateTimeMilliseconds && len(v) <= 8:
		if x := number(v); x <= maxSeconds*1000 {
			return int64(x) * 1e6, true
		}
	case len(v) == 8: // NTP: seconds, then a fraction of 2^32
		seconds, fraction := binary.BigEndian.Uint32(v), uint64(binary.BigEndian.Uint32(v[4:]))
		if typ == ipfix.DateTimeMicroseconds {
			fraction &^= 0x7ff // RFC 7011 section 6.1.9: below a microsecond's precision
			return (int64(seconds)-ntpEpoch)*1e9 + int64((fraction*1e6+1<<31)>>32)*1e3, true
		}
		return (int64(seconds)-ntpEpoch)*1e9 + int64(fraction*1e9>>32), true
	}
	return 0, false
}

// time notes a time element of the record.
func (s *scratch) time(p *step, v []byte, exported int64) {
	switch p.index {
	case timeStart:
		s.start, s.hasStart = instant(p.typ, v)
	case timeEnd:
		s.end, s.hasEnd = instant(p.typ, v)
	case timeObserved:
		s.observed, s.hasObserved = instant(p.typ, v)
	case timeBoot:
		s.boot, s.hasBoot = instant(p.typ, v)
	case timeStartUptime:
		s.startUptime, s.hasStartUptime = uint32(number(v)), true
	case timeEndUptime:
		s.endUptime, s.hasEndUptime = uint32(number(v)), true
	case timeStartDelta:
		s.start, s.hasStart = exported-int64(uint32(number(v)))*1e3, true
	case timeEndDelta:
		s.end, s.hasEnd = exported-int64(uint32(number(v)))*1e3, true
	case timeDurationMillis:
		s.duration, s.hasDuration = int64(uint32(number(v)))*1e6, true
	case timeDurationMicros:
		s.duration, s.hasDuration = int64(uint32(number(v)))*1e3, true
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
	if s.hasBoot {
		boot, hasBoot = s.boot, true
	}
	switch {
	case s.hasStart || s.hasEnd:
		start, end = complete(s.start, s.hasStart, s.end, s.hasEnd, s)
		source = sourceAbsolute
	case (s.hasStartUptime || s.hasEndUptime) && hasBoot:
		start, end = complete(m.sinceBoot(boot, s.startUptime), s.hasStartUptime, m.sinceBoot(boot, s.endUptime), s.hasEndUptime, s)
		source = sourceUptime
	case s.hasStartUptime && s.hasEndUptime:
		// No boot time is known (RouterOS before 7 does not send element 160):
		// the length is right, the end is about the export time.
		start = end - int64(s.endUptime-s.startUptime)*1e6
	case s.hasObserved:
		start, end, source = s.observed, s.observed, sourceAbsolute
		if s.hasDuration {
			start = end - s.duration
		}
	case s.hasDuration:
		start = end - s.duration
	}
	if start > end {
		start = end
	}
	if limit := int64(m.store.cfg.MaxClockSkew); m.origin.Received != 0 && limit > 0 {
		if off := end - m.origin.Received; off > limit || off < -limit {
			length := end - start
			if length > int64(24*time.Hour) || length < 0 {
				length = 0
			}
			end = m.origin.Received
			start, source = end-length, sourceReceived
		}
	}
	r.SetTimestamp(end)
	r.SetEventStart(start)
	r.SetEventEnd(end)
	r.SetEventDuration(max(end-start, 0)) // from 1900 to 2262 is more than 64 bits hold
	r.SetFlowTimeSource(source)
}

// complete fills the missing one of two times from the duration.
func complete(start int64, hasStart bool, end int64, hasEnd bool, s *scratch) (int64, int64) {
	switch {
	case hasStart && hasEnd:
		return start, end
	case hasEnd:
		return end - s.duration, end
	}
	return start, start + s.duration
}

// sinceBoot turns milliseconds since boot, which wrap after 49.7 days, into a
// time. Of the readings modulo 2^32 the one nearest to the export time holds.
func (m *run) sinceBoot(boot int64, uptime uint32) int64 {
	now := (m.exported - boot) / 1e6
	before := int32(uint32(now) - uptime)
	return boot + (now-int64(before))*1e6
}
