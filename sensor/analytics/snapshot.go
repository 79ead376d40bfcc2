package analytics

import (
	"cmp"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Snapshot is the state of an account.
type Snapshot struct {
	Total     Counts // everything given to the account
	Untracked Counts // of Total: frames that belong to no flow

	Protocols []Protocol    // all IP protocols seen, by number
	Apps      []Application // all application protocols seen, by number

	// For services and flows, Out and In of all rows and of Other together are
	// Total less Untracked. For hosts each of Out and In is, as every byte
	// goes out of one host and into another.
	HostsByBytes, HostsByPackets, HostsByIn, HostsByOut Top[Host]
	Services                                            Top[Service]
	Flows                                               Top[Flow]

	// HostsDropped and FlowsDropped count entries that were folded into Other
	// because a table was full. A dropped host or flow that comes back begins
	// again at zero.
	HostsDropped, FlowsDropped uint64

	Late Counts // of Total: came when their second had left the series
}

// Top is the k largest of a list, largest first, and the exact rest.
type Top[R any] struct {
	Rows   []R
	Other  Flux
	Folded int // entries whose sum Other is, as far as they were held one by one
}

// Flux is traffic of both directions: a host's sent and received, a service's
// or flow's to the server and to the client.
type Flux struct{ Out, In Counts }

// Add adds y.
func (x *Flux) Add(y Flux) { x.add(y.Out, y.In) }

func (x *Flux) add(out, in Counts) {
	x.Out.add(out)
	x.In.add(in)
}

func (x *Flux) sub(y Flux) {
	x.Out.sub(y.Out)
	x.In.sub(y.In)
}

func (x *Flux) bytes() uint64   { return x.Out.Bytes + x.In.Bytes }
func (x *Flux) packets() uint64 { return x.Out.Packets + x.In.Packets }

// Host is a talker.
type Host struct {
	Addr      decoders.Addr
	IPVersion uint8
	Flux
}

// Service is a server port of TCP or UDP, or another IP protocol as a whole
// (Port 0).
type Service struct {
	Proto uint8
	Port  uint16
	Flux
}

// Flow is a conversation.
type Flow struct {
	ID                     uint64 // flow.Flow.ID
	Client, Server         decoders.Addr
	ClientPort, ServerPort uint16
	IPVersion, Proto       uint8
	Flux
}

// Protocol is an IP protocol with all its traffic, to servers and to clients.
type Protocol struct {
	Proto uint8
	Flux
}

// Application is an application protocol with all its traffic.
type Application struct {
	App app.Proto
	Counts
}

// Snapshot returns totals and the k largest entries of each list. Ties go to
// the entry that was there first. It looks at every entry, at hosts four
// times: less than 100 ms for a million hosts.
func (a *Account) Snapshot(k int) Snapshot {
	s := Snapshot{
		Total: a.total, Untracked: a.untracked, Late: a.late,
		HostsDropped: a.hosts.drops, FlowsDropped: a.flows.drops,
	}
	for i, c := range a.byProto {
		if c != (Flux{}) {
			s.Protocols = append(s.Protocols, Protocol{uint8(i), c})
		}
	}
	for i, c := range a.byApp {
		if c != (Counts{}) {
			s.Apps = append(s.Apps, Application{app.Proto(i), c})
		}
	}
	tracked := a.total
	tracked.sub(a.untracked)
	all := Flux{tracked, tracked}
	s.HostsByBytes = a.topHosts(k, all, (*Flux).bytes)
	s.HostsByPackets = a.topHosts(k, all, (*Flux).packets)
	s.HostsByIn = a.topHosts(k, all, func(x *Flux) uint64 { return x.In.Bytes })
	s.HostsByOut = a.topHosts(k, all, func(x *Flux) uint64 { return x.Out.Bytes })
	s.Services = a.topServices(k)
	s.Flows = a.topFlows(k)
	return s
}

func (a *Account) topHosts(k int, all Flux, weight func(*Flux) uint64) Top[Host] {
	entries := a.hosts.entries
	t := Top[Host]{Other: all}
	for _, i := range largest(len(entries), k, func(i int) uint64 { return weight(&entries[i].Flux) }) {
		e := &entries[i]
		t.Rows = append(t.Rows, Host{e.key.addr, e.key.version, e.Flux})
		t.Other.sub(e.Flux)
	}
	t.Folded = len(entries) - len(t.Rows)
	return t
}

func (a *Account) topServices(k int) Top[Service] {
	t := Top[Service]{Other: a.tracked}
	for _, i := range largest(len(a.services), k, func(i int) uint64 { return a.services[i].bytes() }) {
		x := a.services[i]
		if x == (Flux{}) {
			break
		}
		proto, port := serviceAt(i)
		t.Rows = append(t.Rows, Service{proto, port, x})
		t.Other.sub(x)
	}
	for i := range a.services {
		if a.services[i] != (Flux{}) {
			t.Folded++
		}
	}
	t.Folded -= len(t.Rows)
	return t
}

func (a *Account) topFlows(k int) Top[Flow] {
	entries := a.flows.entries
	t := Top[Flow]{Other: a.tracked}
	for _, i := range largest(len(entries), k, func(i int) uint64 { return entries[i].bytes() }) {
		e := &entries[i]
		t.Rows = append(t.Rows, Flow{
			ID: e.key.id, Client: e.key.client, Server: e.key.server,
			ClientPort: e.key.clientPort, ServerPort: e.key.serverPort,
			IPVersion: e.key.version, Proto: e.key.proto, Flux: e.Flux,
		})
		t.Other.sub(e.Flux)
	}
	t.Folded = len(entries) - len(t.Rows)
	return t
}

// EachHost calls f for every host that is held one by one.
func (a *Account) EachHost(f func(Host)) {
	for i := range a.hosts.entries {
		e := &a.hosts.entries[i]
		f(Host{e.key.addr, e.key.version, e.Flux})
	}
}

// Hosts is all traffic of hosts: every byte goes out of one and into another,
// so Out and In are each all that belongs to a flow.
func (a *Account) Hosts() Flux {
	all := a.tracked.Out
	all.add(a.tracked.In)
	return Flux{all, all}
}

// Largest returns the k rows with the most bytes and the exact rest of all.
func Largest[R any](rows []R, k int, of func(R) Flux, all Flux) Top[R] {
	t := Top[R]{Other: all}
	for _, i := range largest(len(rows), k, func(i int) uint64 { x := of(rows[i]); return x.bytes() }) {
		t.Rows = append(t.Rows, rows[i])
		t.Other.sub(of(rows[i]))
	}
	t.Folded = len(rows) - len(t.Rows)
	return t
}

// Seconds appends the series of totals to dst, oldest second first. Seconds
// without traffic are left out.
func (a *Account) Seconds(dst []Second) []Second {
	from := len(dst)
	for _, s := range a.series {
		if s.Counts != (Counts{}) && s.Second > a.newest-int64(len(a.series)) {
			dst = append(dst, s)
		}
	}
	slices.SortFunc(dst[from:], func(x, y Second) int { return cmp.Compare(x.Second, y.Second) })
	return dst
}
