package netflow

import "github.com/weirflow/weir/ipfix"

const paddingOctets = 210

// Counters of a record, by what they count. The order within a quantity is the
// order of preference: delta before total, before and after the exporter's own
// work, layer 3 before layer 2.
const (
	counterOctets uint8 = iota
	counterTotalOctets
	counterInitiatorOctets
	counterPostOctets
	counterPostTotalOctets
	counterLayer2Octets
	counterPackets
	counterTotalPackets
	counterInitiatorPackets
	counterPostPackets
	counterPostTotalPackets
	counterReverseOctets
	counterReverseTotalOctets
	counterResponderOctets
	counterReversePackets
	counterReverseTotalPackets
	counterResponderPackets
	numCounters
)

// Ranges of the counters that say the same.
var (
	forwardOctets  = [2]uint8{counterOctets, counterLayer2Octets}
	forwardPackets = [2]uint8{counterPackets, counterPostTotalPackets}
	reverseOctets  = [2]uint8{counterReverseOctets, counterResponderOctets}
	reversePackets = [2]uint8{counterReversePackets, counterResponderPackets}
)

// Times of a record.
const (
	timeStart uint8 = iota // absolute; the element's type tells the unit
	timeEnd
	timeObserved
	timeBoot
	timeStartUptime // milliseconds since boot
	timeEndUptime
	timeStartDelta // microseconds before the export time
	timeEndDelta
	timeDurationMillis
	timeDurationMicros
)

// Sampling parameters.
const (
	samplingInterval uint8 = iota // one of how many
	samplingPacketInterval
	samplingPacketSpace
	samplingSize
	samplingPopulation
)

// Names in options data.
const (
	textInterfaceName uint8 = iota
	textInterfaceDescription
	numTexts
)

type special struct {
	do    action
	index uint8
}

// specials are the elements whose value needs more than a copy into a field.
var specials = map[elementKey]special{
	{0, 1}: {actCounter, counterOctets}, {0, 85}: {actCounter, counterTotalOctets}, {0, 231}: {actCounter, counterInitiatorOctets},
	{0, 23}: {actCounter, counterPostOctets}, {0, 171}: {actCounter, counterPostTotalOctets}, {0, 352}: {actCounter, counterLayer2Octets},
	{0, 2}: {actCounter, counterPackets}, {0, 86}: {actCounter, counterTotalPackets}, {0, 298}: {actCounter, counterInitiatorPackets},
	{0, 24}: {actCounter, counterPostPackets}, {0, 172}: {actCounter, counterPostTotalPackets},
	{0, 232}: {actCounter, counterResponderOctets}, {0, 299}: {actCounter, counterResponderPackets},
	{ipfix.ReversePEN, 1}: {actCounter, counterReverseOctets}, {ipfix.ReversePEN, 85}: {actCounter, counterReverseTotalOctets},
	{ipfix.ReversePEN, 2}: {actCounter, counterReversePackets}, {ipfix.ReversePEN, 86}: {actCounter, counterReverseTotalPackets},

	{0, 22}: {actTime, timeStartUptime}, {0, 21}: {actTime, timeEndUptime},
	{0, 150}: {actTime, timeStart}, {0, 152}: {actTime, timeStart}, {0, 154}: {actTime, timeStart}, {0, 156}: {actTime, timeStart},
	{0, 151}: {actTime, timeEnd}, {0, 153}: {actTime, timeEnd}, {0, 155}: {actTime, timeEnd}, {0, 157}: {actTime, timeEnd},
	{0, 158}: {actTime, timeStartDelta}, {0, 159}: {actTime, timeEndDelta},
	{0, 160}: {actTime, timeBoot}, {0, 161}: {actTime, timeDurationMillis}, {0, 162}: {actTime, timeDurationMicros},
	{0, 322}: {actTime, timeObserved}, {0, 323}: {actTime, timeObserved}, {0, 324}: {actTime, timeObserved}, {0, 325}: {actTime, timeObserved},

	{0, 34}: {actSampling, samplingInterval}, {0, 50}: {actSampling, samplingInterval},
	{0, 305}: {actSampling, samplingPacketInterval}, {0, 306}: {actSampling, samplingPacketSpace},
	{0, 309}: {actSampling, samplingSize}, {0, 310}: {actSampling, samplingPopulation},

	{0, 82}: {actText, textInterfaceName}, {0, 83}: {actText, textInterfaceDescription},
	{0, 32}: {actICMP, 0}, {0, 139}: {actICMP, 0}, {0, 95}: {actAppID, 0},
	{0, 70}: {actLabel, 0}, {0, 71}: {actLabel, 0}, {0, 72}: {actLabel, 0}, {0, 73}: {actLabel, 0}, {0, 74}: {actLabel, 0},
	{0, 75}: {actLabel, 0}, {0, 76}: {actLabel, 0}, {0, 77}: {actLabel, 0}, {0, 78}: {actLabel, 0}, {0, 79}: {actLabel, 0},
}

// scratch holds what one record says before it is brought together.
type scratch struct {
	counters [numCounters]uint64
	has      uint32 // a bit for each counter

	start, end, observed, boot         int64 // Unix nanoseconds
	duration                           int64 // nanoseconds
	startUptime, endUptime             uint32
	hasStart, hasEnd, hasObserved      bool
	hasBoot, hasDuration               bool
	hasStartUptime, hasEndUptime       bool
	interval, pktInterval, pktSpace    uint64
	size, population                   uint64
	texts                              [numTexts][]byte
	appID                              uint64
	appIDLen                           uint8
	samplerSeen, scopeInterface, icmps bool
	scopeInterfaceID                   uint32
}

func (s *scratch) reset() { *s = scratch{} }

func (s *scratch) put(counter uint8, v uint64) {
	s.counters[counter] = v
	s.has |= 1 << counter
}

// pick gives the preferred counter of a range: the first that is not 0, else
// the first that is there.
func (s *scratch) pick(span [2]uint8) (v uint64, ok bool) {
	for i := span[0]; i <= span[1]; i++ {
		if s.has&(1<<i) != 0 {
			ok = true
			if s.counters[i] != 0 {
				return s.counters[i], true
			}
		}
	}
	return 0, ok
}
