package output

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/exporter/spool"
	"spanwatch/sensor/config"
)

// spoolConfig is output.spool as package spool takes it.
func spoolConfig(c *config.Config, dir string) (spool.Config, []config.Fault) {
	const section = "output.spool"
	o := &c.Output.Spool
	s := spool.Config{
		Dir: dir, MaxBytes: int64(o.MaxSize), SegmentBytes: int64(o.SegmentSize), MaxAge: o.MaxAge, SyncEvery: o.SyncEvery,
		Keep: []event.Type{}, GiveUp: []event.Type{},
	}
	if o.MaxAge == 0 {
		s.MaxAge = -1
	}
	var faults []config.Fault
	var err error
	if s.Sync, err = spool.ParseSync(o.Sync); err != nil {
		faults = append(faults, config.Fault{Path: section + ".sync", What: err.Error()})
	}
	types := event.Types()
	for _, list := range []struct {
		key   string
		names []string
		to    *[]event.Type
	}{{"keep", o.Keep, &s.Keep}, {"give-up", o.GiveUp, &s.GiveUp}} {
		for i, name := range list.names {
			at := slices.IndexFunc(types, func(t event.Type) bool { return t.String() == name })
			if at < 0 {
				faults = append(faults, config.Fault{
					Path: fmt.Sprintf("%s.%s[%d]", section, list.key, i), What: fmt.Sprintf("unknown event type %q; known: %v", name, types),
				})
				continue
			}
			*list.to = append(*list.to, types[at])
		}
	}
	for _, t := range s.Keep {
		if slices.Contains(s.GiveUp, t) {
			faults = append(faults, config.Fault{Path: section + ".give-up", What: fmt.Sprintf("%s is in keep too", t)})
		}
	}
	return s, faults
}

func checkSpool(c *config.Config) []config.Fault {
	if c.Output.Spool.Dir == "" {
		return nil
	}
	_, faults := spoolConfig(c, c.Output.Spool.Dir)
	return faults
}

// openSpoolFolder opens the spool, nil when it is switched off. A replay has a
// folder of its own, so that its events meet neither the live ones nor those of
// other files; tidy removes it.
func openSpoolFolder(c *config.Config, r *Run) (sp *spool.Spool, tidy func(), err error) {
	dir := c.Output.Spool.Dir
	if dir == "" {
		return nil, nil, nil
	}
	if r.Replay {
		dir = filepath.Join(dir, "replay-"+r.ID)
		tidy = func() {
			if err := os.RemoveAll(dir); err != nil {
				r.Report("spool", err)
			}
		}
	}
	s, faults := spoolConfig(c, dir)
	if len(faults) > 0 {
		return nil, nil, faults[0]
	}
	sp, err = spool.Open(s)
	return sp, tidy, err
}

// openSpool opens the spool as a sink of its own, where no broker is named: the
// events wait on the disk for whoever opens the folder next.
func openSpool(c *config.Config, r *Run) ([]opened, error) {
	if len(c.Output.Kafka.Brokers) > 0 {
		return nil, nil // it is Kafka's
	}
	sp, _, err := openSpoolFolder(c, r)
	if sp == nil || err != nil {
		return nil, err
	}
	return []opened{{
		sink: spool.NewSink(sp), where: "the spool " + c.Output.Spool.Dir,
		metrics: func(*exporter.Outlet) metrics.Source { return func(w *metrics.Writer) { spoolSource(w, sp) } },
	}}, nil
}
