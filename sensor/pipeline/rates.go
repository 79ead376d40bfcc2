package pipeline

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"spanwatch/sensor/analytics"
	"spanwatch/sensor/enrich"
	"spanwatch/sensor/flow"
)

// Rates is who made the traffic of one window of packet time, largest first,
// each list with the exact rest. It is immutable.
type Rates struct {
	Seconds   float64 // length of the window
	Published time.Time
	Hosts     analytics.Top[analytics.Host]
	Services  analytics.Top[analytics.Service]
	Flows     analytics.Top[analytics.Flow]
	ASNs      analytics.Top[ASN]     // Out is sent by its hosts, In received
	Countries analytics.Top[Country] // likewise
}

// ASN is an autonomous system with the traffic of its hosts. Number 0 is the
// hosts of which none is known.
type ASN struct {
	Number uint32
	Org    string
	analytics.Flux
}

// Country is a country with the traffic of its hosts. Code "" is the hosts of
// which none is known.
type Country struct {
	Code string // ISO 3166-1 alpha-2
	analytics.Flux
}

// Bounds of a window's account. What goes beyond them is in the rest.
const (
	windowHosts = 1 << 17
	windowFlows = 1 << 17
)

// rater adds windows up. There are two accounts: one takes deltas while a
// goroutine sorts the other, so that the merge stage, which with one worker is
// that worker, never does more than swap them.
type rater struct {
	window int64 // seconds of packet time
	top    int
	geo    geoLookup // of the goroutine
	wait   bool      // replay: the result must not depend on the wall clock

	filling  *analytics.Account
	spare    *analytics.Account // nil while the goroutine has it
	done     chan *analytics.Account
	start    int64 // second in which the present window began; valid iff running
	running  bool
	finished atomic.Pointer[Rates]
}

func newRater(window time.Duration, top int, db *enrich.DB, replay bool) (*rater, error) {
	r := &rater{window: max(int64(window/time.Second), 1), top: top, geo: newGeoLookup(db), wait: replay, done: make(chan *analytics.Account, 1)}
	cfg := analytics.Config{Hosts: windowHosts, Flows: windowFlows, Series: 1}
	var err error
	if r.filling, err = analytics.New(cfg); err != nil {
		return nil, err
	}
	r.spare, err = analytics.New(cfg)
	return r, err
}

// take adds the deltas of a batch that ended at a time, in nanoseconds of
// packet time. A window is over with the first batch behind it; what is late
// for it counts in the next.
func (r *rater) take(deltas []flow.Delta, end int64) {
	second := end / int64(time.Second)
	if !r.running {
		if len(deltas) == 0 {
			return
		}
		r.start, r.running = second, true
	}
	if second-r.start >= r.window {
		r.turn(second)
	}
	r.filling.Apply(deltas)
}

// turn ends the window at a second and has it sorted. While the one before is
// still being sorted, the window goes on instead.
func (r *rater) turn(second int64) {
	if r.spare == nil {
		if r.wait {
			r.spare = <-r.done
		} else {
			select {
			case r.spare = <-r.done:
			default:
				return
			}
		}
	}
	full, length := r.filling, float64(max(second-r.start, 1))
	r.filling, r.spare, r.start = r.spare, nil, second
	go func() {
		r.finished.Store(r.sort(full, length))
		full.Reset()
		r.done <- full
	}()
}

// end closes the last window and waits until it is sorted.
func (r *rater) end(end int64) {
	if !r.running {
		return
	}
	if r.spare == nil {
		r.spare = <-r.done
	}
	r.turn(end / int64(time.Second))
	r.spare = <-r.done
}

// close gives the accounts' memory back, when the last window was ended.
func (r *rater) close() {
	r.filling.Close()
	if r.spare != nil { // or a window is still being sorted
		r.spare.Close()
	}
}

// latest returns the last full window, and nil when there is none, or in live
// capture none of late: rates of an hour ago are worse than none.
func (r *rater) latest(now time.Time) *Rates {
	x := r.finished.Load()
	const late = 3 // windows
	if x == nil || !r.wait && now.Sub(x.Published) > late*time.Duration(r.window)*time.Second {
		return nil
	}
	return x
}

func (r *rater) sort(a *analytics.Account, seconds float64) *Rates {
	s := a.Snapshot(r.top)
	x := &Rates{Seconds: seconds, Published: time.Now(), Hosts: s.HostsByBytes, Services: s.Services, Flows: s.Flows}
	asns, countries := map[uint32]*ASN{}, map[string]*Country{}
	if r.geo.cache != nil {
		a.EachHost(func(h analytics.Host) {
			info := r.geo.cache.Lookup(h.Addr.Netip(h.IPVersion))
			n := asns[info.ASN]
			if n == nil {
				n = &ASN{Number: info.ASN, Org: info.Org}
				asns[info.ASN] = n
			}
			n.Add(h.Flux)
			c := countries[info.Country]
			if c == nil {
				c = &Country{Code: info.Country}
				countries[info.Country] = c
			}
			c.Add(h.Flux)
		})
	}
	x.ASNs = analytics.Largest(inOrderOf(asns), r.top, func(a ASN) analytics.Flux { return a.Flux }, a.Hosts())
	x.Countries = analytics.Largest(inOrderOf(countries), r.top, func(c Country) analytics.Flux { return c.Flux }, a.Hosts())
	return x
}

// inOrderOf returns the values of m by their keys, so that ties end the same
// way each time.
func inOrderOf[K cmp.Ordered, V any](m map[K]*V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, *m[k])
	}
	return out
}
