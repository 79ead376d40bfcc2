package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
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
		if f.AppProto[dir] == app.ProtoFailed {
			return dir
		}
		found := w.apps.detect(f.Key.Proto, p.SrcPort, p.DstPort, in)
		switch found.Answer {
		case app.No:
			f.AppProto[dir] = app.ProtoFailed
			return dir
		case app.Maybe:
			return dir
		}
		dir = w.recognised(f, found, dir)
		in.Dir = dir
	}
	w.parse(f, in)
	return dir
}

// recognised gives a flow the parser that detection found, and turns the flow
// round when its server was seen first. It returns the direction anew.
func (w *worker) recognised(f *flow.Flow, found app.Detection, dir decoders.Direction) decoders.Direction {
	if found.Reversed && f.Packets[dir.Opposite()] == 0 {
		w.flows.Swap(f)
		w.streams.Swap(f)
		dir = dir.Opposite()
	}
	f.AppProto = [2]app.Proto{found.Proto, found.Proto}
	f.App = w.apps.open(found.Proto)
	w.counters.Apps[found.Proto].Flows++
	return dir
}

// parse gives payload to the parser of a flow that has one.
func (w *worker) parse(f *flow.Flow, in app.Input) app.Result {
	a := w.apps.at(f.App)
	if a.broken {
		return app.Result{Status: app.StatusError}
	}
	c := &w.counters.Apps[a.proto]
	res, panicked := a.parse(in)
	if panicked {
		w.counters.Panics++
	}
	if res.Status == app.StatusError {
		c.Errors++
		a.broken = !in.Datagram
	}
	if txs := a.state.Txs(); len(txs) > 0 {
		made := uint32(txs[len(txs)-1].ID() + 1)
		c.Tx += uint64(made - f.TxCount)
		f.TxCount = made
	}
	// A request may complete or begin what belongs to the other side too.
	a.advanced = [2]bool{true, true}
	return res
}
