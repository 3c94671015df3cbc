package rollup

import (
	"math"
	"math/bits"

	"github.com/weirflow/weir/flow"
)

// sums are what is added up.
type sums struct {
	bytes, packets, sent, received, flows uint64
}

// plus adds, and stops at the end of the numbers: forged counters must not turn a
// sum into a small one.
func plus(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

func (s *sums) add(o *sums) {
	s.bytes = plus(s.bytes, o.bytes)
	s.packets = plus(s.packets, o.packets)
	s.sent = plus(s.sent, o.sent)
	s.received = plus(s.received, o.received)
	s.flows = plus(s.flows, o.flows)
}

// sumsOf gives what a flow adds.
func sumsOf(r *flow.Record) (s sums) {
	if r.Has(flow.FieldNetworkBytes) {
		s.bytes = r.NetworkBytes
	}
	if r.Has(flow.FieldNetworkPackets) {
		s.packets = r.NetworkPackets
	}
	if r.Has(flow.FieldSourceBytes) {
		s.sent = r.SourceBytes
	}
	if r.Has(flow.FieldDestinationBytes) {
		s.received = r.DestinationBytes
	}
	if s.flows = 1; r.Has(flow.FieldFlowCount) {
		s.flows = r.FlowCount
	}
	return s
}

// ends gives what the flow adds to its source as a host, and to its destination.
// Both are of the whole: what the one has sent the other has received.
func (s *sums) ends() (source, destination sums) {
	back := min(s.received, s.bytes)
	source, destination = *s, *s
	source.sent, source.received = s.bytes-back, back
	destination.sent, destination.received = back, s.bytes-back
	return source, destination
}

// stored is a sum as stores take it: their numbers are signed.
func stored(v uint64) uint64 { return min(v, math.MaxInt64) }
