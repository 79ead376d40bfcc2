package output

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/exporter/shape"
	"spanwatch/sensor/config"
)

// Run is what sinks know of the run that they serve.
type Run struct {
	Folder string // that relative paths of files are in
	ID     string // see event.Options
	Replay bool   // files are read: nothing may be dropped for haste, nor be taken for live events
	// Report is told of faults of sinks, see exporter.Config.
	Report func(sink string, err error)
}

// kind is a kind of sink.
type kind struct {
	// check returns what no single setting of the section shows to be wrong.
	// May be nil.
	check func(c *config.Config) []config.Fault
	// open opens the sinks that are switched on, usually one or none.
	open func(c *config.Config, r *Run) ([]opened, error)
}

// kinds are all there are, in the order in which people are told of them.
var kinds = []kind{
	{checkEve, openEve},
	{checkFiles, openFiles},
	{checkStdout, openStdout},
	{checkSocket, openSocket},
	{checkSyslog, openSyslog},
	{checkKafka, openKafka},
	{checkSpool, openSpool},
}

// opened is one sink, ready for an outlet.
type opened struct {
	sink    exporter.Sink
	shape   shape.Options                         // which events it gets, and in what shape
	queue   exporter.Config                       // Block, Report and FlushTimeout are set for all alike
	where   string                                // for people
	metrics func(*exporter.Outlet) metrics.Source // beside those of the outlet; may be nil
	tidy    func()                                // called when the run has ended and nothing is kept; may be nil
}

// Check finds the faults of a configuration that can be found without opening
// anything. It is a config.Check.
func Check(c *config.Config) (faults []config.Fault) {
	for _, k := range kinds {
		if k.check != nil {
			faults = append(faults, k.check(c)...)
		}
	}
	return faults
}

// Set is the open sinks of a run.
type Set struct {
	Outlets []*exporter.Outlet
	sinks   []opened

	mu     sync.Mutex
	faults map[string]error // by sink, those that last
}

// Open opens all sinks that c switches on. On an error none is open.
func Open(c *config.Config, r Run) (*Set, error) {
	s := &Set{faults: map[string]error{}}
	for _, k := range kinds {
		list, err := k.open(c, &r)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		for _, o := range list {
			o.queue.Block, o.queue.Report, o.queue.FlushTimeout = r.Replay, s.report(r.Report), c.Output.FlushTimeout
			s.sinks = append(s.sinks, o)
			o.queue.Types = o.shape.Filter.Types
			shaped, err := shape.Wrap(o.sink, o.shape)
			if err != nil {
				return nil, errors.Join(err, s.Close())
			}
			s.Outlets = append(s.Outlets, exporter.NewOutlet(shaped, o.queue))
		}
	}
	return s, nil
}

// report keeps what sinks tell of their faults, and passes it on.
func (s *Set) report(next func(sink string, err error)) func(sink string, err error) {
	return func(sink string, err error) {
		s.mu.Lock()
		if err == nil {
			delete(s.faults, sink)
		} else {
			s.faults[sink] = err
		}
		s.mu.Unlock()
		if next != nil {
			next(sink, err)
		}
	}
}

// Fault says which sinks are failing at present, and why; nil when all work.
// Any goroutine may call it.
func (s *Set) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(s.faults)) {
		faults = append(faults, fmt.Errorf("sink %s fails: %w", name, s.faults[name]))
	}
	return errors.Join(faults...)
}

// Reopen makes sinks that write files open their paths again with the next
// event, as after log rotation. Any goroutine may call it.
func (s *Set) Reopen() {
	for _, o := range s.sinks {
		if f, ok := o.sink.(interface{ Reopen() }); ok {
			f.Reopen()
		}
	}
}

// Close closes the sinks. It is for those who never ran the outlets, whose Run
// does it.
func (s *Set) Close() error {
	var faults []error
	for _, o := range s.sinks {
		faults = append(faults, o.sink.Close())
	}
	return errors.Join(faults...)
}

// Where names the destinations, for people.
func (s *Set) Where() string {
	if len(s.sinks) == 0 {
		return "nowhere"
	}
	var names []string
	for _, o := range s.sinks {
		names = append(names, o.where)
	}
	return strings.Join(names, ", ")
}

// MetricsSource shows the accounts of all outlets and what sinks add to them.
func (s *Set) MetricsSource() metrics.Source {
	sources := []metrics.Source{metrics.ExportSource(s.Outlets)}
	for i, o := range s.sinks {
		if o.metrics != nil {
			sources = append(sources, o.metrics(s.Outlets[i]))
		}
	}
	return func(w *metrics.Writer) {
		for _, source := range sources {
			source(w)
		}
	}
}

// Left says, once the outlets have ended, what they keep for the next run. It
// removes what is of no use to one.
func (s *Set) Left() (lines []string) {
	for i, o := range s.sinks {
		counts := s.Outlets[i].Snapshot()
		total := counts.Total()
		if total.Spooled == 0 {
			if o.tidy != nil {
				o.tidy()
			}
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %d events (%d alerts) are left in the spool; the next run goes on with them",
			s.Outlets[i].Name(), total.Spooled, counts[event.TypeAlert].Spooled))
	}
	return lines
}
