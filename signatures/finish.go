package signatures

import (
	"cmp"
	"slices"

	"spanwatch/signatures/keyword"
)

// pendingMax bounds the matches of one packet that wait for Thresholds.
const pendingMax = 1024

// finish puts the matches of one packet into order and decides which of them
// alert, as far as this worker's flows can say.
func (i *Inspector) finish(in *Input, out []Match, first int) []Match {
	matches := out[first:]
	slices.SortFunc(matches, compareMatches)
	kept, alerts, pending := matches[:0], 0, false
	for _, m := range matches {
		if m.Alert && (m.Sig.suppressed(&i.packet) || !i.applyFlowRates(in, &m)) {
			i.stats.Suppressed++
			if len(m.Sig.plan.HostBits) == 0 {
				continue
			}
			m.Alert = false // bits of hosts are set all the same
		}
		m.Pending = m.Sig.waits
		if m.Alert {
			pending = pending || m.Pending
			if alerts >= i.cfg.AlertMax && !pending || alerts >= pendingMax {
				i.stats.Overflow++
				continue
			}
			alerts++
		}
		kept = append(kept, m)
		if m.Sig.action == ActionPass {
			i.pass(in, &m)
			break
		}
	}
	return out[:first+len(kept)]
}

// compareMatches orders by signature; of one signature the later transaction
// comes first and a match without a transaction last.
func compareMatches(a, b Match) int {
	if c := cmp.Compare(a.Sig.order, b.Sig.order); c != 0 {
		return c
	}
	if (a.Tx == nil) != (b.Tx == nil) {
		if a.Tx == nil {
			return 1
		}
		return -1
	}
	return cmp.Compare(b.TxID, a.TxID)
}

// pass ends inspection of the flow when the rule was about the flow: about
// its addresses, its protocol or its content. A rule about a packet passes
// that packet only.
func (i *Inspector) pass(in *Input, m *Match) {
	if in.Flow != nil && m.aboutFlow() {
		in.Flow.flags |= flowPassed
	}
}

// aboutFlow reports that what a match does it does to the flow.
func (m *Match) aboutFlow() bool {
	switch m.Sig.kind {
	case TypeIPOnly, TypeLikeIPOnly, TypeProtoOnly, TypeTx, TypeApp:
		return true
	case TypePacket:
		return m.Sig.headerOnly()
	case TypeStream, TypePacketStream:
		return m.Stream
	}
	return false
}

// endsFlow reports that the action that a rate_filter has chosen ends the
// inspection of the match's flow.
func (m *Match) endsFlow() bool {
	return (m.Action == ActionDrop || m.Action == ActionReject || m.Action == ActionPass) && m.aboutFlow()
}

// applyFlowRates counts the match for the by_flow thresholds of its rule and
// reports whether they let it alert. Without a flow, or without memory for
// the counter, nothing is held back.
func (i *Inspector) applyFlowRates(in *Input, m *Match) bool {
	alert := true
	for k := range m.Sig.rates {
		r := &m.Sig.rates[k]
		if r.Track != keyword.TrackFlow || in.Flow == nil {
			continue
		}
		state, fresh := i.notes.rate(&i.flow.notes, m.Sig, k)
		if state == nil {
			continue
		}
		switch state.add(r, in.Packet.Timestamp, fresh) {
		case holdBack:
			alert = false
		case changeAction:
			m.Action, alert = newAction(r.NewAction, alert)
			if m.endsFlow() {
				in.Flow.flags |= flowPassed
			}
		}
	}
	return alert
}
