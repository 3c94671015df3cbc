package doctor

import (
	"fmt"
	"math"
	"time"
)

// timesRejected: flows whose times cannot be right, so that they carry the receive
// time.
func timesRejected(e *Exporter, _ *Report) *Finding {
	n := e.Flow.Times["received"]
	if n -= min(n, e.sflow()); n == 0 { // sFlow has no times
		return nil
	}
	severity := Warning
	if n*10 > e.Flows {
		severity = Error
	}
	return found(severity, "Weir stamped them with the time of receipt. Set the exporter's clock (see clock_skew); if that is right, its flow times are wrong: "+
		"report it to the vendor, with a capture. A replayed capture looks the same. decode.max_clock_skew says how far off a time may be.",
		"the times of %s (%s) are more than an hour off", plural(n, "flow"), percent(n, e.Flows)).with(e, topicClock)
}

// sflow counts the flows that came over sFlow.
func (e *Exporter) sflow() (n uint64) {
	for _, d := range e.Domains {
		if d.Protocol == "sflow5" {
			n += d.Flows
		}
	}
	return n
}

// maxSkew is from where on a clock counts as wrong.
const maxSkew = 10 * time.Second

// clockSkew: the exporter's clock is wrong. The least of all skews counts, as
// messages that waited somewhere seem to come from a late clock.
func clockSkew(e *Exporter, _ *Report) *Finding {
	if e.ClockSkew == nil {
		return nil
	}
	least := e.ClockSkew.Min
	if math.Abs(e.ClockSkew.Max) < math.Abs(least) {
		least = e.ClockSkew.Max
	}
	if e.ClockSkew.Min < 0 && e.ClockSkew.Max > 0 {
		return nil // it was right in between
	}
	if math.Abs(least) < maxSkew.Seconds() {
		return nil
	}
	how := "fast"
	if least < 0 {
		how = "slow"
	}
	off := seconds(math.Abs(least)).Round(time.Second)
	advice := "Let the exporter set its clock by NTP. Flows are shown at the wrong time meanwhile."
	if off > time.Hour {
		advice = "Let the exporter set its clock by NTP. Weir uses the time of receipt meanwhile."
	}
	if half := off.Round(30 * time.Minute); half != 0 && half <= 14*time.Hour && (off-half).Abs() < 2*time.Minute {
		advice = fmt.Sprintf("%s is a time zone's difference: the exporter takes its local time for UTC. Set its time zone, and let it set its clock by NTP.", text(half))
	}
	if off > 24*time.Hour && least < 0 {
		advice += " In a replayed capture this is its age."
	}
	if off > 5*365*24*time.Hour && least < 0 {
		advice = "The clock was never set since the exporter booted: let it set it by NTP. Weir uses the time of receipt meanwhile."
	}
	return found(Warning, advice, "the exporter's clock is %s %s", text(off), how).with(e, topicClock)
}

// noBootTime: flow times are counted from a boot time that nobody tells.
func noBootTime(e *Exporter, _ *Report) *Finding {
	var domains []Domain
	for _, d := range e.Domains {
		if d.Protocol != "ipfix" || d.BootTime {
			continue
		}
		for i := range d.Templates {
			t := &d.Templates[i]
			if t.Sets > 0 && (t.has(21) || t.has(22)) && !t.has(160) && !t.absolute() {
				domains = append(domains, d)
				break
			}
		}
	}
	if len(domains) == 0 {
		return nil
	}
	advice := "Flows end at the time of their message then; only their length is right. Make the exporter send systemInitTimeMilliseconds (160), or absolute flow times; NetFlow v9 tells the boot time in each header."
	return found(Warning, advice, "flow times are relative to the boot time, which is not told (element 160): %s", list(domains, domainName)).with(e, topicBoot)
}

// absolute tells whether a template has times of its own.
func (t *Template) absolute() bool {
	for id := uint16(150); id <= 157; id++ {
		if t.has(id) {
			return true
		}
	}
	return false
}

// activeTimeout: flows are reported only when they have gone on for long.
func activeTimeout(e *Exporter, _ *Report) *Finding {
	if e.Flow.Long == 0 {
		return nil
	}
	return found(Warning, "A long transfer shows up only when it is reported, and all at once: set the active timeout to 60 seconds.",
		"%s took over 5 minutes, the longest %s: the active timeout is too long", plural(e.Flow.Long, "flow"), text(seconds(e.Flow.Longest))).with(e, topicActive)
}
