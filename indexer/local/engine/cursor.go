package engine

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/query"
)

// cursor is a place in the order of the newest rows: latest first, those of one
// time by a hash of their content, so that the order does not depend on where
// the store keeps them.
type cursor struct {
	time int64
	hash uint64
	// same is how many rows of this time and hash have been given: they have the
	// same content, as far as the hash covers it.
	same uint32
}

var firstPage = cursor{time: math.MaxInt64, hash: math.MaxUint64}

// tieColumns tell rows of one time apart.
var tieColumns = []int{
	int(flow.FieldSourceIP), int(flow.FieldDestinationIP), int(flow.FieldSourcePort), int(flow.FieldDestinationPort),
	int(flow.FieldNetworkIANANumber), int(flow.FieldNetworkBytes), int(flow.FieldNetworkPackets), int(flow.FieldEventStart),
	int(flow.FieldEventCreated), int(flow.FieldObserverIP), int(flow.FieldIngressInterfaceID), int(flow.FieldEgressInterfaceID),
	int(flow.FieldFlowDirection), int(flow.FieldFlowTCPFlags), int(flow.FieldFlowExporterDomain), int(flow.FieldSourceMAC), int(flow.FieldDestinationMAC),
}

func (c cursor) String() string {
	b := make([]byte, 0, 20)
	b = binary.BigEndian.AppendUint64(b, uint64(c.time))
	b = binary.BigEndian.AppendUint64(b, c.hash)
	b = binary.BigEndian.AppendUint32(b, c.same)
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return firstPage, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 20 {
		return cursor{}, &query.RequestError{Part: "after", Reason: "this is not the place of a next page"}
	}
	return cursor{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint32(b[16:])}, nil
}
