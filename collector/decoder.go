package collector

import (
	"encoding/binary"
	"fmt"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// Decoder recognises the protocol of a message by its version word and decodes
// it. It is used by one goroutine; several decoders may share a netflow.Store.
type Decoder struct {
	netflow *netflow.Decoder
	sflow   *sflow.Decoder
}

// NewDecoder gives a decoder over a store.
func NewDecoder(store *netflow.Store, samples sflow.Config) *Decoder {
	return &Decoder{netflow: netflow.NewDecoder(store), sflow: sflow.NewDecoder(samples)}
}

// Recognise tells the protocol of a message: NetFlow and IPFIX begin with a 16-bit
// version, sFlow v5 with a 32-bit one.
func Recognise(payload []byte) message.Protocol {
	if len(payload) < 2 {
		return message.ProtocolUnknown
	}
	if word := binary.BigEndian.Uint16(payload); word != 0 {
		return netflow.Version(word)
	}
	if len(payload) >= 4 && binary.BigEndian.Uint32(payload) == 5 {
		return message.SFlow5
	}
	return message.ProtocolUnknown
}

// Decode decodes one datagram or message into w and reports in res, which it
// resets.
func (d *Decoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	switch Recognise(payload) {
	case message.SFlow5:
		d.sflow.Decode(o, payload, w, res)
	case message.ProtocolUnknown:
		if sflow.Old(payload) { // which says what to do about it
			d.sflow.Decode(o, payload, w, res)
			return
		}
		res.Reset()
		if len(payload) < 4 {
			res.Add(message.ReasonTruncatedHeader, 0, 0, fmt.Errorf("%d bytes are too few for any protocol", len(payload)))
			return
		}
		res.Add(message.ReasonUnknownVersion, 0, 0, fmt.Errorf("the first bytes % x are no version of NetFlow (1, 5, 7, 9), IPFIX (10) or sFlow (5 in 32 bits)", payload[:4]))
	default:
		d.netflow.Decode(o, payload, w, res)
	}
}
