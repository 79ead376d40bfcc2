package analytics

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/internal/offheap"
)

// Config bounds an Account.
type Config struct {
	Hosts  int // hosts held one by one, at least 16
	Flows  int // flows held one by one, at least 16
	Series int // seconds of the series of totals, at least 1
}

// DefaultConfig has room for 262,144 hosts (some 20 MB when all are used; ntopng
// holds half as many), 65,536 flows and ten minutes of seconds.
func DefaultConfig() Config { return Config{Hosts: 1 << 18, Flows: 1 << 16, Series: 600} }

// ErrConfig is wrapped by every fault that New finds.
var ErrConfig = errors.New("traffic account configuration")

// Counts are packets and bytes on the wire.
type Counts struct{ Packets, Bytes uint64 }

func (c *Counts) add(d Counts) {
	c.Packets += d.Packets
	c.Bytes += d.Bytes
}

func (c *Counts) sub(d Counts) {
	c.Packets -= d.Packets
	c.Bytes -= d.Bytes
}

// ports is how many service numbers a transport protocol has.
const ports = 1 << 16

// Account adds up deltas since it was made or Reset.
type Account struct {
	total, untracked Counts
	tracked          Flux        // to servers and to clients; with untracked it is total
	byProto          [256]Flux   // by IP protocol number: to servers, to clients
	byApp            [256]Counts // by app.Proto
	// services has TCP ports, then UDP ports, then one entry for each other IP
	// protocol: dense, so that a port scan can not push a service out.
	services []Flux
	release  func() // of services
	hosts    bounded[hostKey]
	flows    bounded[flowKey]
	series   []Second
	newest   int64 // latest second in series; valid iff total is not zero
	late     Counts
}

// Second is one second of the series of totals.
type Second struct {
	Second int64 // since the Unix epoch
	Counts
}

type hostKey struct {
	addr    decoders.Addr
	version uint8
}

// flowKey is a flow as its deltas tell of it; the id makes it unique.
type flowKey struct {
	id                     uint64
	client, server         decoders.Addr
	clientPort, serverPort uint16
	version, proto         uint8
}

func (k hostKey) hash() uint64 {
	return mix(binary.LittleEndian.Uint64(k.addr[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(k.addr[8:])^uint64(k.version)<<56^0xd6e8feb86659fd93)
}

// hash needs no more than the id, which the flow table made by hashing.
func (k flowKey) hash() uint64 { return mix(k.id, 0x9e3779b97f4a7c15) }

// mix folds the 128-bit product of two words.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// New makes an empty account.
func New(cfg Config) (*Account, error) {
	if cfg.Hosts < 16 || cfg.Flows < 16 || cfg.Series < 1 {
		return nil, fmt.Errorf("%w: hosts %d, flows %d (16 at least), series %d (1 at least)", ErrConfig, cfg.Hosts, cfg.Flows, cfg.Series)
	}
	a := &Account{series: make([]Second, cfg.Series)}
	var err error
	if a.services, a.release, err = offheap.Array[Flux](2*ports+256, offheap.Small); err != nil {
		return nil, fmt.Errorf("traffic account: %w", err)
	}
	if err = a.hosts.init(cfg.Hosts, hostKey.hash); err != nil {
		return nil, err
	}
	if err = a.flows.init(cfg.Flows, flowKey.hash); err != nil {
		return nil, err
	}
	return a, nil
}

// Close gives the memory outside Go's heap back. The account must not be used
// afterwards.
func (a *Account) Close() {
	a.hosts.close()
	a.flows.close()
	a.release()
	a.services = nil
}

// Reset forgets everything but its bounds and gives memory back to the system: an
// account that is reset every minute tells of the last one.
func (a *Account) Reset() {
	clear(a.series)
	offheap.Discard(a.services)
	a.hosts.reset()
	a.flows.reset()
	*a = Account{series: a.series, services: a.services, release: a.release, hosts: a.hosts, flows: a.flows}
}

// Apply adds deltas. What is dropped from a full table depends on their order:
// give them as flow.SortDeltas puts them to be independent of workers.
func (a *Account) Apply(deltas []flow.Delta) {
	for len(deltas) > 0 {
		n := min(len(deltas), together)
		a.apply(deltas[:n])
		deltas = deltas[n:]
	}
}

// together is how many deltas are applied at once: their hosts and flows are
// scattered over the memory, and reading the places of all before waiting for any
// lets the misses overlap.
const together = 16

// keysOf are what a delta counts for.
type keysOf struct {
	client, server       hostKey
	flow                 flowKey
	clientTag, serverTag uint32
	flowTag              uint32
}

func (a *Account) apply(deltas []flow.Delta) {
	var keys [together]keysOf
	var at [together][3]uint32
	for i := range deltas {
		d, k := &deltas[i], &keys[i]
		k.client, k.server = hostKey{d.Client, d.IPVersion}, hostKey{d.Server, d.IPVersion}
		k.flow = flowKey{
			id: d.FlowID, client: d.Client, server: d.Server,
			clientPort: d.ClientPort, serverPort: d.ServerPort,
			version: d.IPVersion, proto: d.Proto,
		}
		k.clientTag, k.serverTag, k.flowTag = a.hosts.tagOf(k.client), a.hosts.tagOf(k.server), a.flows.tagOf(k.flow)
		at[i] = [3]uint32{a.hosts.warm(k.clientTag), a.hosts.warm(k.serverTag), a.flows.warm(k.flowTag)}
	}
	for i := range deltas {
		a.hosts.warmEntry(at[i][0])
		a.hosts.warmEntry(at[i][1])
		a.flows.warmEntry(at[i][2])
	}
	for i := range deltas {
		a.count(&deltas[i], &keys[i])
	}
}

func (a *Account) count(d *flow.Delta, k *keysOf) {
	toServer := Counts{uint64(d.Packets[decoders.ToServer]), d.Bytes[decoders.ToServer]}
	toClient := Counts{uint64(d.Packets[decoders.ToClient]), d.Bytes[decoders.ToClient]}
	both := toServer
	both.add(toClient)

	a.addSecond(d.Second, both)
	a.tracked.add(toServer, toClient)
	a.byProto[d.Proto].add(toServer, toClient)
	a.byApp[d.App].add(both)
	a.services[serviceIndex(d.Proto, d.ServerPort)].add(toServer, toClient)
	a.hosts.add(&k.client, k.clientTag, toServer, toClient)
	a.hosts.add(&k.server, k.serverTag, toClient, toServer)
	a.flows.add(&k.flow, k.flowTag, toServer, toClient)
}

// AddUntracked counts frames that belong to no flow (ARP and other protocols
// than IP, refused frames) in the total and the series, so that the total is
// what was on the wire.
func (a *Account) AddUntracked(second int64, c Counts) {
	a.addSecond(second, c)
	a.untracked.add(c)
}

// addSecond counts in the total and in the series. A delta that comes when its
// second has left the series is counted as late there.
func (a *Account) addSecond(second int64, c Counts) {
	if a.total == (Counts{}) || second > a.newest {
		a.newest = second
	}
	a.total.add(c)
	n := int64(len(a.series))
	s := &a.series[(second%n+n)%n]
	switch {
	case s.Counts == (Counts{}) || s.Second < second:
		*s = Second{second, c}
	case s.Second == second:
		s.add(c)
	default:
		a.late.add(c)
	}
}

func serviceIndex(proto uint8, port uint16) int {
	switch proto {
	case protoTCP:
		return int(port)
	case protoUDP:
		return ports + int(port)
	}
	return 2*ports + int(proto)
}

func serviceAt(i int) (proto uint8, port uint16) {
	switch {
	case i < ports:
		return protoTCP, uint16(i)
	case i < 2*ports:
		return protoUDP, uint16(i - ports)
	}
	return uint8(i - 2*ports), 0
}

// IP protocol numbers (IANA) with ports of their own in Account.services.
const (
	protoTCP = 6
	protoUDP = 17
)
