package stream

import "spanwatch/decoders"

// timestampLife is how long a timestamp is worth comparing with, in seconds: 24
// days (RFC 7323 section 5.5), after which the sender's clock may have gone
// half round.
const timestampLife = 24 * 24 * 3600

// seconds of a packet's time.
func seconds(ns int64) uint32 { return uint32(ns / 1e9) }

// stamp remembers a sender's timestamp.
func (h *half) stamp(value uint32, at int64) {
	h.tsLast, h.tsTime = value, seconds(at)
}

// timestampValid says whether the receiver takes the packet by its timestamp
// (PAWS, RFC 7323 section 5). Hosts differ in what they do with 0.
func (t *turn) timestampValid() bool {
	if t.s.flags&timestamps == 0 || t.p.TCPOpts&decoders.TCPOptTimestamp == 0 {
		return true
	}
	h, value, policy := t.mine, t.p.TSVal, t.receiverPolicy()
	inOrder := t.p.Seq == h.next
	if h.flags&zeroTS != 0 {
		switch policy {
		case PolicyLinux, PolicyWindows2k3:
			// They do not take 0 for a timestamp: none were agreed on.
			t.s.flags &^= timestamps
			return true
		case PolicyOldLinux, PolicyWindows, PolicyVista:
			h.flags &^= zeroTS
			if inOrder {
				h.stamp(value, t.p.Timestamp)
				return true
			}
		}
	}
	if policy == PolicyHPUX11 && !inOrder {
		return true
	}
	if value == 0 {
		switch policy {
		case PolicyOldLinux, PolicyWindows, PolicyWindows2k3, PolicyVista, PolicySolaris, PolicyOldSolaris:
		default:
			return t.refuse(decoders.StreamEventPktInvalidTimestamp)
		}
	}
	age := int32(value-h.tsLast) + 1 // hosts differ in whether one less is old
	if old := seconds(t.p.Timestamp) - h.tsTime; h.tsTime != 0 && int32(old) > timestampLife {
		return inOrder || t.refuse(decoders.StreamEventPktInvalidTimestamp)
	}
	return age >= 0 || t.refuse(decoders.StreamEventPktInvalidTimestamp)
}

// updateTimestamp remembers the timestamp of a packet that was taken, if the
// receiver does: not when it waits for something before (RFC 7323 section 4.3),
// which would then seem to be old.
func (t *turn) updateTimestamp() {
	if t.s.flags&timestamps == 0 || t.p.TCPOpts&decoders.TCPOptTimestamp == 0 {
		return
	}
	if t.p.Seq.LessEq(t.mine.ack) {
		t.mine.stamp(t.p.TSVal, t.p.Timestamp)
	}
}
