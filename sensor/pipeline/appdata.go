package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ftp"
	"spanwatch/sensor/flow"
)

// udp gives the datagram of p to the parser of its flow, once detection has
// found one. It returns the packet's direction, which detection may turn round
// with the flow.
func (w *worker) udp(f *flow.Flow, p *decoders.Packet, dir decoders.Direction) decoders.Direction {
	if p.PayloadLen == 0 {
		return dir
	}
	in := app.Input{Data: p.Payload(), Dir: dir, Timestamp: p.Timestamp, Datagram: true}
	if f.App == 0 {
		if f.AppProto[dir] != app.ProtoUnknown {
			return dir
		}
		found := w.apps.detect(f.Key.Proto, p.SrcPort, p.DstPort, true, in)
		switch found.Answer {
		case app.No, app.Maybe: // a datagram does not go on
			f.AppProto[dir] = app.ProtoFailed
			if f.Chosen == app.ProtoUnknown {
				f.Chosen = app.ProtoFailed
				w.counters.FailedUDP++
			}
			return dir
		}
		if found.Reversed && f.Packets[dir.Opposite()] == 0 {
			dir = w.turn(f, dir)
			in.Dir = dir
		}
		f.AppProto = [2]app.Proto{found.Proto, found.Proto}
		w.open(f, found.Proto)
	}
	if f.App != 0 {
		w.parse(f, in, 0)
	}
	return dir
}

// upgradeMark is what appFlow.upgraded becomes in the packet under work.
func (w *worker) upgradeMark() uint64 { return max(w.events.frame, 1) }

// bequeath gives the request of an upgrade to a state of HTTP/2, which is the
// flow's if HTTP/2 is what follows.
func (w *worker) bequeath(f *flow.Flow, up *app.Upgrade) {
	if up.Request == nil || up.To != app.ProtoUnknown && up.To != app.ProtoHTTP2 || w.apps.parsers[app.ProtoHTTP2] == nil {
		return
	}
	heir := w.apps.open(app.ProtoHTTP2)
	w.apps.at(heir).state.(app.Heir).Inherit(up.Request)
	w.heirs[f.ID] = heir
}

// heir takes the state that bequeath made for a flow; 0 when there is none.
func (w *worker) heir(f *flow.Flow) uint32 {
	if len(w.heirs) == 0 {
		return 0
	}
	heir := w.heirs[f.ID]
	delete(w.heirs, f.ID)
	return heir
}

// turn exchanges the sides of a flow whose server was seen first. It returns
// the direction anew.
func (w *worker) turn(f *flow.Flow, dir decoders.Direction) decoders.Direction {
	w.flows.Swap(f)
	w.streams.Swap(f)
	w.inspector.TurnFlow(&f.Detect)
	return dir.Opposite()
}

// open gives a flow the parser of its protocol, if there is one.
func (w *worker) open(f *flow.Flow, proto app.Proto) {
	f.Chosen = proto
	w.counters.Apps[proto].Flows++
	if heir := w.heir(f); heir != 0 {
		if proto == w.apps.at(heir).proto {
			f.App = heir
			return
		}
		w.apps.close(heir)
	}
	if w.apps.parsers[proto] != nil {
		f.App = w.apps.open(proto)
	}
}

// parse gives payload, which is at offset of its stream, to the parser of a flow
// that has one.
func (w *worker) parse(f *flow.Flow, in app.Input, offset uint64) app.Result {
	a := w.apps.at(f.App)
	if a.broken {
		return app.Result{Status: app.StatusError}
	}
	c := &w.counters.Apps[a.proto]
	if a.frames != nil {
		a.frames.Begin(in, offset)
	}
	res, panicked := a.parse(in)
	if res.Status == app.StatusError {
		switch {
		case panicked:
			c.Panics++
		case in.Gap > 0:
			c.Gaps++
		default:
			c.Errors++
		}
		a.broken, a.failed = !in.Datagram, true
	}
	if txs := a.state.Txs(); len(txs) > 0 {
		c.Tx += countTxs(f, txs[len(txs)-1])
	}
	if a.proto == app.ProtoFTP {
		if agreed := a.state.(*ftp.State).Expectations(); len(agreed) > 0 {
			w.expectations.add(f, in.Timestamp, agreed)
		}
	}
	if u, ok := a.state.(app.Upgrader); ok && a.upgraded == 0 {
		if up, yes := u.Upgraded(); yes {
			a.upgraded = w.upgradeMark()
			// What was said so far is the former protocol's, for rules on the
			// stream too.
			w.streams.TriggerRaw(f, decoders.ToServer)
			w.streams.TriggerRaw(f, decoders.ToClient)
			w.bequeath(f, &up)
			a = w.apps.at(f.App)
		}
	}
	if a.refined != nil && f.Chosen == a.proto {
		if p := a.refined.Refined(); p != app.ProtoUnknown {
			f.Former, f.Chosen, f.AppProto = a.proto, p, [2]app.Proto{p, p}
			w.counters.Apps[p].Flows++
		}
	}
	w.completed(f, a)
	// A request may complete or begin what belongs to the other side too.
	a.advanced, a.recordable = [2]bool{true, true}, true
	return res
}

// countTxs notes the transactions of a flow up to the last of those that go on,
// and returns how many are new. Newer ones may have ended before it.
func countTxs(f *flow.Flow, last app.Tx) uint64 {
	made := uint32(last.ID() + 1)
	if made <= f.TxCount {
		return 0
	}
	fresh := made - f.TxCount
	f.TxCount = made
	return uint64(fresh)
}

// completed makes what a side sent due for rules on the stream when it ended a
// request or a response, so that they see it as a whole, as Suricata's do.
// Parsers that know better (app.Bounded) say it themselves; Suricata's of FTP
// and SMB leave it to the length of chunks.
func (w *worker) completed(f *flow.Flow, a *appFlow) {
	if f.Stream == 0 || a.bounded != nil || a.proto == app.ProtoFTP || a.proto == app.ProtoSMB {
		return
	}
	txs := a.state.Txs()
	for dir := range a.ended {
		for i := len(txs) - 1; i >= 0 && txs[i].ID() >= a.ended[dir]; i-- {
			if txs[i].Complete(decoders.Direction(dir)) {
				a.ended[dir] = txs[i].ID() + 1
				w.streams.TriggerRaw(f, decoders.Direction(dir))
				break
			}
		}
	}
}
