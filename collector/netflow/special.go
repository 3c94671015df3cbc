package netflow

import (
	"math/bits"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

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
	counterIncomingOctets // of Procera, whose records do not tell whose they are
	counterOutgoingOctets
	counterIncomingPackets
	counterOutgoingPackets
	numCounters
)

// totals are the counters that run on from record to record of one flow.
const totals = 1<<counterTotalOctets | 1<<counterPostTotalOctets | 1<<counterTotalPackets | 1<<counterPostTotalPackets |
	1<<counterReverseTotalOctets | 1<<counterReverseTotalPackets

// Ranges of the counters that say the same, as their bits.
const (
	forwardOctets  uint32 = 1<<(counterLayer2Octets+1) - 1<<counterOctets
	forwardPackets uint32 = 1<<(counterPostTotalPackets+1) - 1<<counterPackets
	reverseOctets  uint32 = 1<<(counterResponderOctets+1) - 1<<counterReverseOctets
	reversePackets uint32 = 1<<(counterResponderPackets+1) - 1<<counterReversePackets
)

// initiated are the counters of who began the connection, and of the other end.
const initiated = 1<<counterInitiatorOctets | 1<<counterInitiatorPackets | 1<<counterResponderOctets | 1<<counterResponderPackets

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

// Numbers that tell of an event rather than of traffic.
const (
	eventFirewall uint8 = iota
	eventFirewallReason
	eventNAT
	eventNATQuota
	eventNATThreshold
	numEvents
)

// Names in options data.
const (
	textInterfaceName uint8 = iota
	textInterfaceDescription
	textSubApp
	numTexts
)

// flagsBack tells TCP flags of the way back, which count for the record when it is
// whole: the element of the way there may come after them.
const flagsBack uint8 = 1

type special struct {
	do    action
	index uint8
	field flow.FieldID // of actString and actACL
}

// Enterprises, and the field types that Cisco's ASA and Palo Alto's PAN-OS use in
// NetFlow v9, which has no enterprise numbers.
const (
	ciscoPEN        = 9
	proceraPEN      = 15397
	yafPEN          = 6871
	yafReverse      = 0x4000 // YAF's elements of the way back
	asaIngressACL   = 33000
	asaEgressACL    = 33001
	asaReason       = 33002
	asaUserName     = 40000
	panosAppID      = 56701
	panosUserID     = 56702
	fieldNone       = flow.FieldID(0)
	ciscoSubAppPart = 12235 // subApplicationValue, 45003 without the enterprise bit
)

// specials are the elements whose value needs more than a copy into a field.
var specials = map[elementKey]special{
	{0, 1}: {actCounter, counterOctets, fieldNone}, {0, 85}: {actCounter, counterTotalOctets, fieldNone}, {0, 231}: {actCounter, counterInitiatorOctets, fieldNone},
	{0, 23}: {actCounter, counterPostOctets, fieldNone}, {0, 171}: {actCounter, counterPostTotalOctets, fieldNone}, {0, 352}: {actCounter, counterLayer2Octets, fieldNone},
	{0, 2}: {actCounter, counterPackets, fieldNone}, {0, 86}: {actCounter, counterTotalPackets, fieldNone}, {0, 298}: {actCounter, counterInitiatorPackets, fieldNone},
	{0, 24}: {actCounter, counterPostPackets, fieldNone}, {0, 172}: {actCounter, counterPostTotalPackets, fieldNone},
	{0, 232}: {actCounter, counterResponderOctets, fieldNone}, {0, 299}: {actCounter, counterResponderPackets, fieldNone},
	{ipfix.ReversePEN, 1}: {actCounter, counterReverseOctets, fieldNone}, {ipfix.ReversePEN, 85}: {actCounter, counterReverseTotalOctets, fieldNone},
	{ipfix.ReversePEN, 2}: {actCounter, counterReversePackets, fieldNone}, {ipfix.ReversePEN, 86}: {actCounter, counterReverseTotalPackets, fieldNone},

	{0, 22}: {actTime, timeStartUptime, fieldNone}, {0, 21}: {actTime, timeEndUptime, fieldNone},
	{0, 150}: {actTime, timeStart, fieldNone}, {0, 152}: {actTime, timeStart, fieldNone}, {0, 154}: {actTime, timeStart, fieldNone}, {0, 156}: {actTime, timeStart, fieldNone},
	{0, 151}: {actTime, timeEnd, fieldNone}, {0, 153}: {actTime, timeEnd, fieldNone}, {0, 155}: {actTime, timeEnd, fieldNone}, {0, 157}: {actTime, timeEnd, fieldNone},
	{0, 158}: {actTime, timeStartDelta, fieldNone}, {0, 159}: {actTime, timeEndDelta, fieldNone},
	{0, 160}: {actTime, timeBoot, fieldNone}, {0, 161}: {actTime, timeDurationMillis, fieldNone}, {0, 162}: {actTime, timeDurationMicros, fieldNone},
	{0, 268}: {actTime, timeEnd, fieldNone}, {0, 269}: {actTime, timeEnd, fieldNone}, {0, 270}: {actTime, timeEnd, fieldNone},
	{0, 271}: {actTime, timeStart, fieldNone}, {0, 272}: {actTime, timeStart, fieldNone}, {0, 273}: {actTime, timeStart, fieldNone},
	{0, 322}: {actTime, timeObserved, fieldNone}, {0, 323}: {actTime, timeObserved, fieldNone}, {0, 324}: {actTime, timeObserved, fieldNone}, {0, 325}: {actTime, timeObserved, fieldNone},

	{0, 34}: {actSampling, samplingInterval, fieldNone}, {0, 50}: {actSampling, samplingInterval, fieldNone},
	{0, 305}: {actSampling, samplingPacketInterval, fieldNone}, {0, 306}: {actSampling, samplingPacketSpace, fieldNone},
	{0, 307}: {actSampling, samplingTimeInterval, fieldNone}, {0, 308}: {actSampling, samplingTimeSpace, fieldNone},
	{0, 309}: {actSampling, samplingSize, fieldNone}, {0, 310}: {actSampling, samplingPopulation, fieldNone},
	{0, 311}: {actSampling, samplingProbability, fieldNone},
	{0, 329}: {actSampling, samplingHashMin, fieldNone}, {0, 330}: {actSampling, samplingHashMax, fieldNone},
	{0, 331}: {actSampling, samplingSelectedMin, fieldNone}, {0, 332}: {actSampling, samplingSelectedMax, fieldNone},

	{0, 148}: {actFlowID, 0, fieldNone}, {0, 239}: {actBiflow, 0, fieldNone}, {0, 141}: {actCard, 0, fieldNone}, {0, 361}: {actPortRange, 0, fieldNone},
	{0, 252}: {actPhysical, 0, flow.FieldIngressInterfaceID}, {0, 253}: {actPhysical, 0, flow.FieldEgressInterfaceID}, {0, 233}: {actEvent, eventFirewall, fieldNone}, {0, asaReason}: {actEvent, eventFirewallReason, fieldNone},
	{0, 230}: {actEvent, eventNAT, fieldNone}, {0, 466}: {actEvent, eventNATQuota, fieldNone}, {0, 467}: {actEvent, eventNATThreshold, fieldNone},
	{0, asaIngressACL}: {actACL, 0, flow.FieldFlowACLIngressID}, {0, asaEgressACL}: {actACL, 0, flow.FieldFlowACLEgressID},
	{0, asaUserName}: {actString, 0, flow.FieldUserName}, {0, panosUserID}: {actString, 0, flow.FieldUserName},
	{0, panosAppID}: {actString, 0, flow.FieldNetworkApplication},

	{0, 82}: {actText, textInterfaceName, fieldNone}, {0, 83}: {actText, textInterfaceDescription, fieldNone},
	{0, 97}: {actSubAppID, 0, fieldNone}, {0, 109}: {actText, textSubApp, fieldNone},
	{0, 32}: {actICMP, 0, fieldNone}, {0, 139}: {actICMP, 0, fieldNone}, {0, 95}: {actAppID, 0, fieldNone},
	{0, 70}: {actLabel, 0, fieldNone}, {0, 71}: {actLabel, 0, fieldNone}, {0, 72}: {actLabel, 0, fieldNone}, {0, 73}: {actLabel, 0, fieldNone}, {0, 74}: {actLabel, 0, fieldNone},
	{0, 75}: {actLabel, 0, fieldNone}, {0, 76}: {actLabel, 0, fieldNone}, {0, 77}: {actLabel, 0, fieldNone}, {0, 78}: {actLabel, 0, fieldNone}, {0, 79}: {actLabel, 0, fieldNone},
	{0, 316}: {actStack, 0, fieldNone}, {0, 90}: {actRD, 0, fieldNone}, {0, 351}: {actSegment, 0, fieldNone},
	{ciscoPEN, ciscoSubAppPart}: {actSubApp, 0, fieldNone},
	// Cisco's performance records name client and server in place of source and
	// destination.
	{ciscoPEN, 12236}: {actAddr, 0, flow.FieldFlowClientIP}, {ciscoPEN, 12238}: {actAddr, 0, flow.FieldFlowClientIP},
	{ciscoPEN, 12237}: {actAddr, 0, flow.FieldFlowServerIP}, {ciscoPEN, 12239}: {actAddr, 0, flow.FieldFlowServerIP},
	{ciscoPEN, 12240}: {actClientPort, 0, fieldNone}, {ciscoPEN, 12241}: {actUint, 0, flow.FieldFlowServerPort},
	{ciscoPEN, 8337}: {actCounter, counterResponderOctets, fieldNone}, {ciscoPEN, 8338}: {actCounter, counterInitiatorOctets, fieldNone},
	{yafPEN, 14}: {actFlags, 0, fieldNone}, {yafPEN, 15}: {actFlags, 0, fieldNone}, {ipfix.ReversePEN, 6}: {actFlags, flagsBack, fieldNone},
	{yafPEN, 14 | yafReverse}: {actFlags, flagsBack, fieldNone}, {yafPEN, 15 | yafReverse}: {actFlags, flagsBack, fieldNone},
	{proceraPEN, 3}: {actCounter, counterIncomingOctets, fieldNone}, {proceraPEN, 4}: {actCounter, counterOutgoingOctets, fieldNone},
	{proceraPEN, 5}: {actCounter, counterIncomingPackets, fieldNone}, {proceraPEN, 6}: {actCounter, counterOutgoingPackets, fieldNone},
}

// scratch holds what one record says before it is brought together.
type scratch struct {
	counters [numCounters]uint64
	has      uint32 // a bit for each counter

	sampling sampling
	events   [numEvents]uint64
	event    bool // one of them is there

	moments
	said
}

// said is the rest of what a record says.
type said struct {
	texts            [numTexts][]byte
	app              appKey // length 0 for none
	flowID           uint64
	subApp           uint16 // number of a sub-application in options data
	biflow           uint8  // biflowDirection
	clientPort       uint16 // 0 for none
	physical         bool
	ingress, egress  uint32 // physical interfaces
	scopeInterface   bool
	scopeInterfaceID uint32
	card             uint32 // a line card
	hasCard          bool
	flagsBack        uint16
	portRange        bool // a block of ports is named
	icmps            bool // type and code come in one number
	listText         int  // of structured data, in bytes
}

// reset empties the scratch; counters and parameters without their bits are not
// read.
func (s *scratch) reset() {
	s.has, s.sampling.has, s.moments, s.said = 0, 0, moments{}, said{}
	if s.event {
		s.events, s.event = [numEvents]uint64{}, false
	}
}

func (s *scratch) put(counter uint8, v uint64) {
	s.counters[counter] = v
	s.has |= 1 << counter
}

// at gives a counter that pick chose, 0 for none; bit is its bit.
func (s *scratch) at(which int) uint64 {
	if which < 0 {
		return 0
	}
	return s.counters[which]
}

func bit(which int) uint32 {
	if which < 0 {
		return 0
	}
	return 1 << which
}

// pick gives the preferred counter of a range: the first that is not 0, else
// the first that is there; -1 for none.
func (s *scratch) pick(span uint32) (which int) {
	there := s.has & span
	if there == 0 {
		return -1
	}
	first := bits.TrailingZeros32(there)
	for there != 0 {
		i := bits.TrailingZeros32(there)
		if s.counters[i] != 0 {
			return i
		}
		there &= there - 1
	}
	return first
}
