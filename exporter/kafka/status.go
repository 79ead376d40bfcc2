package kafka

import (
	"slices"
	"time"

	"spanwatch/exporter/event"
)

// showEvery is how often a Deliver that waits makes a new Status.
const showEvery = 100 * time.Millisecond

// Status is a picture of the way to the brokers, for metrics.
type Status struct {
	Brokers []BrokerStatus // those that the cluster has named, by id
	Fault   error          // of the last attempt to reach any; nil when all works
	Letters Letters
}

// BrokerStatus is one broker's.
type BrokerStatus struct {
	ID        int32
	Addr      string
	Connected bool // there is a connection, which the last request did not end
	Waiting   bool // a request has no answer yet
}

// Status returns the latest picture. It never waits; any goroutine may call it.
func (s *Sink) Status() *Status { return s.status.Load() }

// TopicOf names the topic of an event type.
func (s *Sink) TopicOf(t event.Type) string { return s.cfg.topicOf(t) }

// show makes a new Status.
func (s *Sink) show(now time.Time) {
	st := &Status{Fault: s.cluster.fault, Letters: s.dead}
	for _, b := range s.cluster.brokers {
		st.Brokers = append(st.Brokers, BrokerStatus{b.id, b.addr, b.conn != nil, b.request != nil})
	}
	slices.SortFunc(st.Brokers, func(a, b BrokerStatus) int { return int(a.ID) - int(b.ID) })
	s.status.Store(st)
	s.shown = now
}
