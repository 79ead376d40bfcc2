package shape

import (
	"context"
	"errors"
	"fmt"

	"spanwatch/exporter"
	"spanwatch/exporter/document"
	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
)

// Options say what a sink gets.
type Options struct {
	Filter    Filter
	Redaction Redaction
	// ECS gives the sink documents of the Elastic Common Schema instead of EVE.
	ECS bool
}

// Validate returns all faults of o, joined.
func (o *Options) Validate() error {
	_, ferr := newFilter(o.Filter)
	_, rerr := newRedactor(o.Redaction)
	return errors.Join(ferr, rerr)
}

// Sink gives another sink its share of the events, in its shape.
type Sink struct {
	inner  exporter.Sink
	filter *filter
	// Deliver and Ahead each have their own, and make the same of a record.
	deliver, ahead shaper
}

// shaper makes new bodies. One goroutine at a time.
type shaper struct {
	redactor *redactor // nil takes nothing out
	ecs      *ecs.Converter

	doc    document.Doc
	passed []exporter.Record
	bodies []byte
}

func (o *Options) newShaper() (x shaper, err error) {
	r, err := newRedactor(o.Redaction)
	if err != nil {
		return x, err
	}
	if len(r.rules) > 0 {
		x.redactor = r
	}
	if o.ECS {
		x.ecs = &ecs.Converter{}
	}
	return x, nil
}

// changes says whether bodies come out otherwise than they went in.
func (x *shaper) changes() bool { return x.redactor != nil || x.ecs != nil }

// Wrap puts o before a sink, and returns that itself when o changes nothing.
// The error has every fault of o.
func Wrap(s exporter.Sink, o Options) (exporter.Sink, error) {
	f, ferr := newFilter(o.Filter)
	deliver, rerr := o.newShaper()
	if err := errors.Join(ferr, rerr); err != nil {
		return nil, fmt.Errorf("sink %s: %w", s.Name(), err)
	}
	if f.empty() && !deliver.changes() {
		return s, nil
	}
	ahead, err := o.newShaper()
	if err != nil {
		return nil, fmt.Errorf("sink %s: %w", s.Name(), err)
	}
	return &Sink{inner: s, filter: f, deliver: deliver, ahead: ahead}, nil
}

// Unwrap returns the sink behind.
func (s *Sink) Unwrap() exporter.Sink { return s.inner }

// Name implements exporter.Sink.
func (s *Sink) Name() string { return s.inner.Name() }

// Close implements exporter.Sink.
func (s *Sink) Close() error { return s.inner.Close() }

// Deliver implements exporter.Sink.
func (s *Sink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	x := &s.deliver
	x.begin()
	var fault error
	for i := range records {
		r := &records[i]
		if why := s.filter.decide(r); why != exporter.FilterNone {
			tally.Filtered(r, why)
			continue
		}
		if err := x.pass(*r); err != nil {
			tally.Dropped(r, exporter.DropEncoding)
			fault = fmt.Errorf("%s event: %w", r.Type, err)
		}
	}
	if len(x.passed) == 0 {
		return fault
	}
	return errors.Join(fault, s.inner.Deliver(ctx, x.passed, tally))
}

// Ahead implements exporter.AheadWriter: the alerts that Deliver will let through
// reach the disk in the shape that they will have then. What cannot be shaped is
// Deliver's to count.
func (s *Sink) Ahead(records []exporter.Record, more bool) {
	inner, ok := s.inner.(exporter.AheadWriter)
	if !ok {
		return
	}
	x := &s.ahead
	x.begin()
	for i := range records {
		if r := &records[i]; r.Type == event.TypeAlert && s.filter.decide(r) == exporter.FilterNone {
			_ = x.pass(*r)
		}
	}
	inner.Ahead(x.passed, more)
}

func (x *shaper) begin() { x.passed, x.bodies = x.passed[:0], x.bodies[:0] }

// pass adds r, in its new shape, to what is passed on.
func (x *shaper) pass(r exporter.Record) error {
	if x.changes() {
		start := len(x.bodies)
		if err := x.reshape(&r); err != nil {
			return err
		}
		r.Body = x.bodies[start:len(x.bodies):len(x.bodies)]
	}
	x.passed = append(x.passed, r)
	return nil
}

// reshape appends the new body of r.
func (x *shaper) reshape(r *exporter.Record) error {
	if err := x.doc.Parse(r.Body); err != nil {
		return err
	}
	if x.redactor != nil {
		x.redactor.redact(&x.doc)
	}
	root := document.Root
	if x.ecs != nil {
		root = x.ecs.Convert(&x.doc, r.Type)
	}
	x.bodies = x.doc.Append(x.bodies, root)
	return nil
}
