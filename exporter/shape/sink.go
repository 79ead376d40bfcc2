package shape

import (
	"context"
	"errors"
	"fmt"

	"spanwatch/exporter"
	"spanwatch/exporter/document"
	"spanwatch/exporter/ecs"
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
	inner    exporter.Sink
	filter   *filter
	redactor *redactor // nil takes nothing out
	ecs      *ecs.Converter

	doc    document.Doc
	passed []exporter.Record
	bodies []byte
}

// Wrap puts o before a sink, and returns that itself when o changes nothing.
// The error has every fault of o.
func Wrap(s exporter.Sink, o Options) (exporter.Sink, error) {
	f, ferr := newFilter(o.Filter)
	r, rerr := newRedactor(o.Redaction)
	if err := errors.Join(ferr, rerr); err != nil {
		return nil, fmt.Errorf("sink %s: %w", s.Name(), err)
	}
	x := &Sink{inner: s, filter: f}
	if len(r.rules) > 0 {
		x.redactor = r
	}
	if o.ECS {
		x.ecs = &ecs.Converter{}
	}
	if f.empty() && x.redactor == nil && x.ecs == nil {
		return s, nil
	}
	return x, nil
}

// Unwrap returns the sink behind.
func (s *Sink) Unwrap() exporter.Sink { return s.inner }

// Name implements exporter.Sink.
func (s *Sink) Name() string { return s.inner.Name() }

// Close implements exporter.Sink.
func (s *Sink) Close() error { return s.inner.Close() }

// Deliver implements exporter.Sink.
func (s *Sink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	s.passed, s.bodies = s.passed[:0], s.bodies[:0]
	var fault error
	for i := range records {
		r := records[i]
		if why := s.filter.decide(&r); why != exporter.FilterNone {
			tally.Filtered(&records[i], why)
			continue
		}
		if s.redactor != nil || s.ecs != nil {
			start := len(s.bodies)
			if err := s.reshape(&r); err != nil {
				tally.Dropped(&records[i], exporter.DropEncoding)
				fault = fmt.Errorf("%s event: %w", r.Type, err)
				continue
			}
			r.Body = s.bodies[start:len(s.bodies):len(s.bodies)]
		}
		s.passed = append(s.passed, r)
	}
	if len(s.passed) == 0 {
		return fault
	}
	return errors.Join(fault, s.inner.Deliver(ctx, s.passed, tally))
}

// reshape appends the new body of r.
func (s *Sink) reshape(r *exporter.Record) error {
	if err := s.doc.Parse(r.Body); err != nil {
		return err
	}
	if s.redactor != nil {
		s.redactor.redact(&s.doc)
	}
	root := document.Root
	if s.ecs != nil {
		root = s.ecs.Convert(&s.doc, r.Type)
	}
	s.bodies = s.doc.Append(s.bodies, root)
	return nil
}
