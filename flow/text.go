package flow

import (
	"strconv"
	"unicode/utf8"
)

// appendString appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			i++
			start = i
			continue
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexUpper[c>>4], hexUpper[c&15])
}

// Names of IANA's IPFIX sub-registries flowEndReason and flowDirection, as
// documents spell them; index is the value.
var (
	endReasonNames = [...]string{1: "idle timeout", 2: "active timeout", 3: "end of flow detected", 4: "forced end", 5: "lack of resources"}
	directionNames = [...]string{0: "ingress", 1: "egress"}
)

// appendName appends the name of v, or the number as text when it has none.
func appendName(dst []byte, names []string, v uint8) []byte {
	if int(v) < len(names) && names[v] != "" {
		return append(append(append(dst, '"'), names[v]...), '"')
	}
	return append(strconv.AppendUint(append(dst, '"'), uint64(v), 10), '"')
}

// forwardingNames are the two high bits of forwardingStatus (RFC 7270 section
// 4.12); the reason in the six low bits follows in brackets when it is not 0.
var forwardingNames = [4]string{"unknown", "forwarded", "dropped", "consumed"}

func appendForwarding(dst []byte, v uint8) []byte {
	if v < 4 { // the old three-bit form
		v <<= 6
	}
	dst = append(append(dst, '"'), forwardingNames[v>>6]...)
	if v&63 != 0 {
		dst = append(strconv.AppendUint(append(dst, " ("...), uint64(v), 10), ')')
	}
	return append(dst, '"')
}

// tcpFlagNames are the bits of tcpControlBits, lowest first (RFC 9293, with
// RFC 9768's accurate-ECN bit).
var tcpFlagNames = [9]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"}

// appendTCPFlags appends the names of the flags, and reserved bits as a number.
func appendTCPFlags(dst []byte, v uint16) []byte {
	dst = append(dst, '[')
	for i, name := range tcpFlagNames {
		if v&(1<<i) != 0 {
			dst = append(append(append(dst, '"'), name...), '"', ',')
		}
	}
	if reserved := v &^ 0x1ff; reserved != 0 {
		dst = append(strconv.AppendUint(append(dst, `"0x`...), uint64(reserved), 16), '"', ',')
	}
	return closeList(dst)
}
