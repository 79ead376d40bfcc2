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
		if !m.Alert && m.Action != ActionPass {
			i.stats.Silent++
		}
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
		if m.Action == ActionPass || m.Alert && !m.Pending {
			m.end(in.Flow)
		}
		if m.Sig.action == ActionPass {
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

// endsFlow reports that the action of the match ends the inspection of its flow:
// pass, drop and reject do, if the match is about the flow. A match about a packet
// passes or drops that packet only.
func (m *Match) endsFlow() bool {
	return (m.Action == ActionDrop || m.Action == ActionReject || m.Action == ActionPass) && m.aboutFlow()
}

// end ends the inspection of the match's flow if its action does.
func (m *Match) end(f *FlowState) {
	switch {
	case f == nil || !m.endsFlow():
	case m.Action == ActionPass:
		f.flags |= flowPassed
	default:
		f.flags |= flowDropped
	}
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
			m.end(in.Flow)
		}
	}
	return alert
}
