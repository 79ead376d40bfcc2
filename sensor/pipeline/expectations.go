package pipeline

import (
	"net/netip"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ftp"
	"spanwatch/sensor/flow"
)

// expectations are the data connections that control connections of a worker
// have agreed on. Both are between the same two hosts, and so with the same
// worker. The list is short and bounded, the oldest give way.
type expectations struct {
	list    []expectation
	dropped uint64 // before their time, for newer ones
}

type expectation struct {
	a, b    netip.Addr // hosts of the control connection: its client and server
	ftp     ftp.Expectation
	name    []byte // memory of ftp.Name
	parent  uint64 // id of the control connection's flow
	expires int64
}

const (
	maxExpectations = 4096
	// expectationLife is how long a data connection is waited for, as in
	// Suricata (EXPECTATION_TIMEOUT).
	expectationLife = int64(30 * time.Second)
)

// add takes what a control connection has just agreed on; the names are copied.
func (x *expectations) add(f *flow.Flow, now int64, agreed []ftp.Expectation) {
	client, _ := f.Client()
	server, _ := f.Server()
	for i := range agreed {
		e := expectation{
			a: client.Netip(f.Key.IPVersion), b: server.Netip(f.Key.IPVersion),
			ftp: agreed[i], parent: f.ID, expires: now + expectationLife,
		}
		if e.ftp.Name != nil {
			e.name = append([]byte(nil), e.ftp.Name...)
			e.ftp.Name = e.name
		}
		if len(x.list) == maxExpectations {
			if x.list[0].expires >= now {
				x.dropped++
			}
			x.remove(0)
		}
		x.list = append(x.list, e)
	}
}

// waiting is how many connections are still waited for.
func (x *expectations) waiting(now int64) (n uint64) {
	for i := range x.list {
		if x.list[i].expires >= now {
			n++
		}
	}
	return n
}

func (x *expectations) remove(i int) {
	copy(x.list[i:], x.list[i+1:])
	x.list[len(x.list)-1] = expectation{}
	x.list = x.list[:len(x.list)-1]
}

// take returns the expectation that a flow meets and forgets it: it goes to the
// port that was agreed on, whatever address was named, since addresses in
// commands are those behind translation.
func (x *expectations) take(f *flow.Flow, now int64) (expectation, bool) {
	client, _ := f.Client()
	server, port := f.Server()
	c, s := client.Netip(f.Key.IPVersion), server.Netip(f.Key.IPVersion)
	for i := 0; i < len(x.list); {
		e := &x.list[i]
		if e.expires < now {
			x.remove(i)
			continue
		}
		from, to := e.a, e.b
		if e.ftp.Active {
			from, to = to, from
		}
		if e.ftp.Port == port && from == c && to == s {
			met := *e
			x.remove(i)
			return met, true
		}
		i++
	}
	return expectation{}, false
}

// expected gives a flow that was agreed on elsewhere its parser.
func (w *worker) expected(f *flow.Flow, dir decoders.Direction, p *decoders.Packet) bool {
	if len(w.expectations.list) == 0 || f.Chosen != app.ProtoUnknown || w.apps.parsers[app.ProtoFTPData] == nil {
		return false
	}
	e, ok := w.expectations.take(f, p.Timestamp)
	if !ok {
		return false
	}
	f.AppProto = [2]app.Proto{app.ProtoFTPData, app.ProtoFTPData}
	w.open(f, app.ProtoFTPData)
	a := w.apps.at(f.App)
	a.parent = e.parent
	a.state.(*ftp.DataState).Expect(e.ftp)
	return true
}
