package capture

import (
	"container/list"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
)

// Limits of streams: how many are followed at a time, and what is held of one
// while segments are missing.
const (
	maxStreams     = 512
	maxHeld        = 64
	maxStreamBytes = 256 << 10
)

// Sessions numbers streams over all files that share exporter state. The zero
// value is ready, and safe for concurrent use.
type Sessions struct{ last atomic.Uint64 }

func (s *Sessions) next() uint64 { return s.last.Add(1) }

// streamKey names one direction of a connection.
type streamKey struct{ source, destination netip.AddrPort }

// segmentData is a segment that came before the one it follows.
type segmentData struct {
	sequence uint32
	data     []byte
}

// stream is one direction of a TCP connection that carries IPFIX or NetFlow.
type stream struct {
	key     streamKey
	session uint64
	next    uint32    // sequence number of the byte that is due
	buffer  []byte    // begins where a message does
	at      time.Time // of the last segment
	held    []segmentData
	bytes   int // in held
}

// streams follows TCP connections in which messages are sent, whether the
// capture holds their beginning or not.
type streams struct {
	sessions *Sessions
	byKey    map[streamKey]*list.Element
	order    list.List // of *stream, the one without segments for longest first
}

const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
)

// segment takes a TCP segment (RFC 9293 section 3.1) and appends the messages
// that it completes to queue.
func (s *streams) segment(queue []Datagram, head ipHead, b []byte, now time.Time, stats *Stats) []Datagram {
	if len(b) < 20 || int(b[12]>>4)*4 < 20 || int(b[12]>>4)*4 > len(b) {
		stats.Ignored++
		return queue
	}
	key := streamKey{
		netip.AddrPortFrom(head.source, binary.BigEndian.Uint16(b)),
		netip.AddrPortFrom(head.destination, binary.BigEndian.Uint16(b[2:])),
	}
	sequence, flags, data := binary.BigEndian.Uint32(b[4:]), b[13], b[int(b[12]>>4)*4:]
	if flags&flagSYN != 0 {
		queue = s.close(queue, key, stats) // the ports are used again
		sequence++                         // SYN takes one
	}
	if len(data) > 0 {
		st := s.find(key, sequence, data)
		if st == nil {
			stats.Ignored++
			return queue
		}
		st.take(sequence, data)
		if len(st.held) > maxHeld || st.bytes+len(st.buffer) > maxStreamBytes {
			st.skip(stats)
		}
		st.at = now
		queue = st.messages(queue, false, stats)
	}
	if flags&(flagFIN|flagRST) != 0 {
		if e := s.byKey[key]; e != nil && len(e.Value.(*stream).held) == 0 {
			queue = s.close(queue, key, stats)
		}
	}
	return queue
}

// find gives the stream of a segment. A new one must begin like a message: in
// captures that begin in the middle of a connection, some segment does soon.
func (s *streams) find(key streamKey, sequence uint32, data []byte) *stream {
	if e := s.byKey[key]; e != nil {
		s.order.MoveToBack(e)
		return e.Value.(*stream)
	}
	if !beginsMessage(data) {
		return nil
	}
	if s.byKey == nil {
		s.byKey = map[streamKey]*list.Element{}
	}
	st := &stream{key: key, session: s.sessions.next(), next: sequence}
	s.byKey[key] = s.order.PushBack(st)
	if s.order.Len() > maxStreams {
		oldest := s.order.Remove(s.order.Front()).(*stream)
		delete(s.byKey, oldest.key)
	}
	return st
}

// maxRecords is more than NetFlow v5, v7 and v9 have in a message, by which streams
// of other protocols are told from them.
const maxRecords = 1000

func beginsMessage(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	switch count := binary.BigEndian.Uint16(b[2:]); collector.Recognise(b) {
	case message.IPFIX:
		return count >= 16
	case message.NetFlow5, message.NetFlow7, message.NetFlow9:
		_, _, err := collector.StreamMessage(b)
		return count > 0 && count <= maxRecords && len(b) >= 20 && err == nil
	}
	return false
}

// take puts a segment where it belongs: into the buffer, or aside until what is
// before it has come. Bytes that were there already are left out.
func (st *stream) take(sequence uint32, data []byte) {
	ahead := int32(sequence - st.next)
	switch {
	case ahead > 0:
		st.held = append(st.held, segmentData{sequence, slices.Clone(data)})
		st.bytes += len(data)
		return
	case int(-ahead) >= len(data):
		return
	}
	data = data[-ahead:]
	st.buffer = append(st.buffer, data...)
	st.next += uint32(len(data))
	for i := 0; i < len(st.held); i++ {
		if h := st.held[i]; int32(h.sequence-st.next) <= 0 {
			st.held = slices.Delete(st.held, i, i+1)
			st.bytes -= len(h.data)
			st.take(h.sequence, h.data)
			i = -1
		}
	}
}

// skip gives up waiting: it goes on at the first held segment that begins a
// message.
func (st *stream) skip(stats *Stats) {
	stats.Problems[ReasonStream]++
	held := st.held
	st.held, st.bytes, st.buffer = nil, 0, st.buffer[:0]
	slices.SortFunc(held, func(a, b segmentData) int { return int(int32(a.sequence - b.sequence)) })
	for i, h := range held {
		if beginsMessage(h.data) {
			st.next = h.sequence
			for _, later := range held[i:] {
				st.take(later.sequence, later.data)
			}
			return
		}
		st.next = h.sequence + uint32(len(h.data))
	}
}

// messages cuts the buffer into messages. Their payloads are copies. last tells that
// nothing more will come.
func (st *stream) messages(queue []Datagram, last bool, stats *Stats) []Datagram {
	at := 0
	for at < len(st.buffer) {
		b := st.buffer[at:]
		n, need, err := collector.StreamMessage(b)
		if err != nil {
			stats.Problems[ReasonStream]++ // out of step: nothing more can be found in what there is
			at = len(st.buffer)
			break
		}
		if need > 0 && (n == 0 || !last) {
			break
		}
		queue = append(queue, Datagram{Source: st.key.source, Destination: st.key.destination, Time: st.at,
			Transport: TransportTCP, Session: st.session, Payload: slices.Clone(b[:n])})
		at += n
	}
	st.buffer = slices.Delete(st.buffer, 0, at)
	return queue
}

// close ends a stream, and appends the message that ends with it to queue; bytes
// that complete none are counted.
func (s *streams) close(queue []Datagram, key streamKey, stats *Stats) []Datagram {
	e := s.byKey[key]
	if e == nil {
		return queue
	}
	st := s.order.Remove(e).(*stream)
	delete(s.byKey, key)
	queue = st.messages(queue, true, stats)
	if len(st.buffer) > 0 || len(st.held) > 0 {
		stats.Problems[ReasonStream]++
	}
	return queue
}

// end closes what is left, in the order of the last segments.
func (s *streams) end(stats *Stats) (queue []Datagram) {
	for s.order.Len() > 0 {
		queue = s.close(queue, s.order.Front().Value.(*stream).key, stats)
	}
	return queue
}
