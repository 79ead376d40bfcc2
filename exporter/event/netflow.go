package event

import "strconv"

// Netflow is one direction of a flow: two such events per flow, each with the
// sender as source.
type Netflow struct {
	Envelope
	Pkts, Bytes    uint64
	Start, End     int64 // nanoseconds since the Unix epoch
	MinTTL, MaxTTL uint8 // left out when both are 0
	TxCount        uint64
	HasTCP         bool
	TCPFlags       uint8 // all header flags seen in this direction
}

// AppendNetflow appends the event without its closing brace; see Finish.
func (e *Encoder) AppendNetflow(dst []byte, n *Netflow) []byte {
	dst = e.appendEnvelope(dst, &n.Envelope, TypeNetflow)
	dst = append(dst, `,"netflow":{"pkts":`...)
	dst = strconv.AppendUint(dst, n.Pkts, 10)
	dst = appendUintMember(dst, `,"bytes":`, n.Bytes)
	dst = e.appendSpan(dst, n.Start, n.End)
	if n.MinTTL != 0 || n.MaxTTL != 0 {
		dst = appendUintMember(dst, `,"min_ttl":`, uint64(n.MinTTL))
		dst = appendUintMember(dst, `,"max_ttl":`, uint64(n.MaxTTL))
	}
	dst = appendOptionalUint(dst, `,"tx_cnt":`, n.TxCount)
	dst = append(dst, '}')
	if n.HasTCP {
		dst = appendHexMember(dst, `,"tcp":{"tcp_flags":"`, n.TCPFlags)
		dst = appendTCPFlags(dst, n.TCPFlags)
		dst = append(dst, '}')
	}
	return dst
}
