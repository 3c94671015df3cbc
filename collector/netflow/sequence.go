package netflow

// sequence follows the sequence numbers of one observation domain.
//
// RFC 7011 counts the records sent before a message; some exporters (softflowd)
// count those in the message as well. Both are accepted: a message is in order
// when it fits either reading.
type sequence struct {
	last    uint32 // of the newest message
	records uint32 // in that message
	valid   bool
}

// resetGap is the gap from which on a jump means that the exporter restarted.
const resetGap = 1 << 20

// next takes a message's number and its count of what the protocol counts, and
// gives how much is missing before it. known tells whether the count could be
// told; if not, the message after it is not judged.
func (s *sequence) next(number, records uint32, known bool) (lost uint64, reordered bool) {
	was := *s
	s.last, s.records, s.valid = number, records, known
	if !was.valid {
		return 0, false
	}
	gap := number - was.last - was.records
	if gap == 0 || number-was.last == records {
		return 0, false
	}
	switch {
	case gap < resetGap:
		return uint64(gap), false
	case -gap < resetGap && was.last-number < resetGap:
		// An older message: the newest one stays the measure.
		*s = was
		return 0, true
	}
	return 0, false
}
