package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
)

const (
	flushEvery  = 20 * time.Millisecond // what a sensor waits for more events
	latencySpan = 10 * time.Second
)

// timed is a sink that notes how old events are when they are delivered. Their
// packet time is the time they were made.
type timed struct {
	exporter.Sink
	ages []time.Duration
}

func (s *timed) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	err := s.Sink.Deliver(ctx, records, tally)
	now := time.Now().UnixNano()
	for i := range records {
		s.ages = append(s.ages, time.Duration(now-records[i].Time))
	}
	return err
}

// latency sends at a steady rate through exporter and sink, and prints how
// long it takes from the making of an event to the broker's answer.
func (b *bench) latency(ctx context.Context, rate int) error {
	prefix, err := b.newTopics(ctx)
	if err != nil {
		return err
	}
	sink, err := kafka.NewSink(kafka.Config{Brokers: []string{b.broker}, Prefix: prefix, Sensor: "probe-1"}, nil)
	if err != nil {
		return err
	}
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "bench"})
	if err != nil {
		return err
	}
	clock := &timed{Sink: sink}
	outlet := exporter.NewOutlet(clock, exporter.Config{})
	x := exporter.New(e, deliverBytes, outlet)
	ended := make(chan error, 1)
	go func() { ended <- outlet.Run(ctx) }()
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	done := 0
	for start := time.Now(); time.Since(start) < latencySpan && ctx.Err() == nil; <-tick.C {
		for due := int(time.Since(start) * time.Duration(rate) / time.Second); done < due; done++ {
			i := done % len(b.events.records)
			r := &b.events.records[i]
			// The events of a tick were made evenly within it.
			made := start.Add(time.Duration(done) * time.Second / time.Duration(rate))
			x.Append(event.TypeFlow, b.events.opens[i], r.ID, r.Key, made.UnixNano())
		}
		x.Flush()
	}
	x.Close()
	if err := errors.Join(<-ended, ctx.Err()); err != nil {
		return err
	}
	counts := outlet.Snapshot()
	total := counts.Total()
	if total.Delivered != uint64(done) || len(clock.ages) == 0 {
		return fmt.Errorf("%w: %+v", errNotDelivered, total)
	}
	slices.Sort(clock.ages)
	at := func(share float64) time.Duration {
		return clock.ages[int(share*float64(len(clock.ages)-1))].Round(10 * time.Microsecond)
	}
	fmt.Printf("latency at %d events/s, flushed every %v: p50 %v, p90 %v, p99 %v, p99.9 %v, most %v\n",
		rate, flushEvery, at(0.5), at(0.9), at(0.99), at(0.999), at(1))
	return nil
}
