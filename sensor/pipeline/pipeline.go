package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/analytics"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/enrich"
	"spanwatch/sensor/filestore"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/overload"
	"spanwatch/signatures"
)

// Options are what a Pipeline is made of. Everything in it stays the caller's,
// who closes the source and the databases after Run.
type Options struct {
	Config *config.Config
	// Sources are one that all workers share (a capture file, or a device
	// without queues), or one for each worker, which then runs by itself.
	Sources []capture.Source
	Ruleset *signatures.Ruleset // never nil; may be empty
	Rules   *signatures.Report  // of loading Ruleset
	Outlets []*exporter.Outlet  // run, and their sinks closed, by Run
	// Kernel tells what the kernel counted; nil if it does not count. The caller
	// closes it after Run.
	Kernel *accounting.Kernel
	Files  *filestore.Store // of files that rules ask for; nil keeps none; closed by the caller
	Geo    *enrich.DB       // nil adds nothing to addresses; Check is called by Run
	// Replay says that the source is a file: it waits for slow sinks, events
	// carry pcap_cnt, and hash seeds are fixed.
	Replay bool
	// Run tells one life of the sensor from the next, see event.Options.
	Run        string
	Interfaces []string // names by Frame.Interface, live only
	// Fault is told of faults of the source, from any goroutine. Nil ignores
	// them.
	Fault func(what string, err error)
	// Shunt has the kernel hold back the frames of flows that are only counted, but
	// for their ends, if Kernel counts them; nil holds nothing back.
	Shunt Shunter
	// Overload decides after each batch what inspection to give up, in place of the
	// configured policy. It is called from one goroutine for each source. Nil takes
	// the policy, and in replay, which waits instead, sheds nothing.
	Overload func(overload.Signal) overload.Shed
	// Batch is called after each batch, with the wall clock: for a progress
	// bar. May be nil.
	Batch func(now time.Time)
}

func (o *Options) kernelCounts() bool { return o.Kernel != nil && o.Kernel.Counts() }

// batchesPerWorker bounds memory and how far the front may run ahead.
const batchesPerWorker = 4

// Shunter holds back frames of flows in the kernel. It is called from all workers
// at once.
type Shunter interface {
	// Shunt reports whether the flow is held back from now on.
	Shunt(*decoders.FlowKey) bool
	Unshunt(*decoders.FlowKey)
}

// Pipeline is one sensor at work. New is inert; Run does the work, once.
type Pipeline struct {
	opt     Options
	fronts  []*front
	workers []*worker
	merge   merger
	rules   activeRules
	State   *State
}

// ErrSources says that the number of sources is neither one nor that of the
// workers.
var ErrSources = errors.New("want one source, or one for each worker")

// New makes the stages.
func New(o Options) (*Pipeline, error) {
	n := max(o.Config.Workers, 1)
	if len(o.Sources) != 1 && len(o.Sources) != n {
		return nil, fmt.Errorf("%w: %d sources, %d workers", ErrSources, len(o.Sources), n)
	}
	p := &Pipeline{opt: o}
	p.rules.use(o.Ruleset)
	seed := newSeed(&o)
	if o.kernelCounts() && len(o.Sources) == 1 {
		o.Kernel.Own(func(k *decoders.FlowKey) int { return int(flow.ShardOf(k, seed) % uint64(n)) })
	}
	for lane, source := range o.Sources {
		fr, err := newFront(&o, source, lane, n/len(o.Sources), seed)
		if err != nil {
			return nil, err
		}
		p.fronts = append(p.fronts, fr)
		for slot := range fr.workers {
			w, err := newWorker(len(p.workers), slot, &o, seed, n)
			if err != nil {
				return nil, err
			}
			p.workers = append(p.workers, w)
		}
	}
	err := p.newMerge()
	p.opt.Ruleset, p.opt.Rules = nil, nil // others may take their place
	return p, err
}

func newFront(o *Options, source capture.Source, lane, workers int, seed uint64) (*front, error) {
	fr := &front{
		lane: lane, live: !o.Replay, source: source, checksums: newChecksumPolicy(o.Config.Decode.Checksums),
		workers: workers, seed: seed, arp: slices.Contains(o.Config.Events.Types, event.TypeARP.String()),
	}
	if o.kernelCounts() {
		fr.rounds = o.Kernel.Reader()
	}
	var err error
	if fr.overload, err = overloadPolicy(o); err != nil {
		return nil, err
	}
	if fr.decoder, err = decoders.NewDecoder(decoderConfig(o)); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	cfg, err := defragConfig(o.Config, seed)
	if err != nil {
		return nil, err
	}
	if fr.defrag, err = defrag.New(cfg); err != nil {
		return nil, fmt.Errorf("defrag: %w", err)
	}
	return fr, nil
}

func (p *Pipeline) newMerge() error {
	o := &p.opt
	encoder, err := event.NewEncoder(encoderOptions(o))
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	outlets := o.Outlets
	ac := analytics.DefaultConfig()
	ac.Hosts = o.Config.Flow.TalkerHosts
	account, err := analytics.New(ac)
	if err != nil {
		return err
	}
	var rater *rater
	if o.watched() {
		if rater, err = newRater(o.Config.Metrics.Window, o.Config.Metrics.Top, o.Geo, o.Replay); err != nil {
			return err
		}
	}
	p.State = newState(outlets)
	p.merge = merger{
		exporter: exporter.New(encoder, 0, outlets...), account: account, rater: rater, state: p.State,
		thresholds: signatures.NewThresholds(signatures.ThresholdConfig{AlertMax: o.Config.Rules.MaxAlertsPerPacket}),
		workers:    make([]workerCounters, len(p.workers)), fronts: make([]frontCounters, len(p.fronts)),
		rounds: make([]*accounting.Round, len(p.fronts)), alerts: map[alertKey]*SignatureAlerts{},
		top: o.Config.Metrics.Top, alertMax: o.Config.Rules.MaxAlertsPerPacket,
		patience: o.Config.Output.FlushTimeout, anomalyLimit: uint64(o.Config.Events.AnomaliesPerType),
	}
	if o.kernelCounts() {
		p.merge.kernel = o.Kernel
	}
	p.merge.rules, p.merge.reloads.Report = &p.rules, o.Rules
	p.merge.live, p.merge.files = !o.Replay, o.Files
	p.merge.profiles = make([][]signatures.RuleCost, len(p.workers))
	p.State.view.Store(&View{Rules: p.merge.reloads})
	if !o.Replay {
		p.merge.sources = o.Sources
	}
	if p.merge.stats, err = newStatsMaker(o); err != nil {
		return err
	}
	wanted, err := wantedTypes(o.Config.Events.Types)
	p.merge.overloads = overloads{enc: encoder, wanted: wanted[event.TypeOverload], lanes: make([]laneOverload, len(p.fronts))}
	return err
}

// Outlets are the queues in front of the sinks, for their accounts.
func (p *Pipeline) Outlets() []*exporter.Outlet { return p.merge.exporter.Outlets() }

func (p *Pipeline) fault(what string, err error) {
	if p.opt.Fault != nil {
		p.opt.Fault(what, err)
	}
}

// Run reads the source to its end, or until ctx is done, and returns when all
// events are with the sinks. Faults of the source are told to Options.Fault
// and do not end the run; the error is that of a sink's close.
func (p *Pipeline) Run(ctx context.Context) error {
	// A source may wait for a device or a pipe; closing it wakes it up.
	stop := context.AfterFunc(ctx, func() {
		for _, source := range p.opt.Sources {
			source.Close()
		}
	})
	defer stop()

	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	sinks := p.runSinks(drain)
	if p.opt.kernelCounts() {
		go labelled(ctx, "accounting", func(context.Context) { p.opt.Kernel.Run() })
	}

	switch {
	case len(p.fronts) > 1:
		p.runLanes()
	case len(p.workers) > 1:
		p.runParallel()
	default:
		p.runInline()
	}
	p.merge.exporter.Close()
	deadline := time.AfterFunc(p.opt.Config.Output.FlushTimeout, func() {
		if !p.opt.Replay {
			cancel()
		}
	})
	defer deadline.Stop()
	err := sinks()
	p.merge.publish(true)
	p.merge.account.Close()
	if p.merge.rater != nil {
		p.merge.rater.close()
	}
	return err
}

// runSinks starts one goroutine per sink and returns a function that waits for
// them.
func (p *Pipeline) runSinks(ctx context.Context) (wait func() error) {
	outlets := p.merge.exporter.Outlets()
	errs := make([]error, len(outlets))
	var wg sync.WaitGroup
	for i, o := range outlets {
		wg.Add(1)
		go labelled(ctx, "sink "+o.Name(), func(ctx context.Context) {
			defer wg.Done()
			errs[i] = o.Run(ctx)
		})
	}
	return func() error {
		wg.Wait()
		return errors.Join(errs...)
	}
}

// labelled runs f with a label that profiles show.
func labelled(ctx context.Context, stage string, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels("stage", stage), f)
}

// runInline runs all stages in this goroutine.
func (p *Pipeline) runInline() {
	b := p.newBatch()
	for !b.final {
		p.fill(p.fronts[0], b)
		p.workers[0].process(b)
		p.finish(b)
	}
}

// runParallel runs front, workers and merge in goroutines of their own, with
// as many batches as may be in flight.
func (p *Pipeline) runParallel() {
	n := len(p.workers)
	free := make(chan *batch, n*batchesPerWorker)
	for range cap(free) {
		free <- p.newBatch()
	}
	ordered := make(chan *batch, cap(free))
	inputs := make([]chan *batch, n)
	var wg sync.WaitGroup
	ctx := context.Background()
	for i, w := range p.workers {
		inputs[i] = make(chan *batch, cap(free))
		wg.Add(1)
		go labelled(ctx, "worker "+strconv.Itoa(i), func(context.Context) {
			defer wg.Done()
			for b := range inputs[i] {
				w.process(b)
				if b.pending.Add(-1) == 0 {
					b.done <- struct{}{}
				}
			}
		})
	}
	wg.Add(1)
	go labelled(ctx, "front", func(context.Context) {
		defer wg.Done()
		for final := false; !final; {
			b := <-free
			p.fill(p.fronts[0], b)
			final = b.final
			b.pending.Store(int32(n))
			ordered <- b
			for _, in := range inputs {
				in <- b
			}
		}
		close(ordered)
		for _, in := range inputs {
			close(in)
		}
	})
	for b := range ordered {
		<-b.done
		p.finish(b)
		if !b.final {
			free <- b
		}
	}
	wg.Wait()
}

// runLanes runs each source with its worker in a goroutine of its own, and the
// merge here. Batches of different lanes are taken as they come.
func (p *Pipeline) runLanes() {
	done := make(chan *batch, len(p.fronts)*batchesPerWorker)
	var wg sync.WaitGroup
	for i, fr := range p.fronts {
		free := make(chan *batch, batchesPerWorker)
		for range cap(free) {
			b := p.newBatch()
			b.home = free
			free <- b
		}
		wg.Add(1)
		go labelled(context.Background(), "lane "+strconv.Itoa(i), func(context.Context) {
			defer wg.Done()
			for final := false; !final; {
				b := <-free
				p.fill(fr, b)
				p.workers[i].process(b)
				final = b.final
				done <- b
			}
		})
	}
	for p.merge.ended < len(p.fronts) {
		b := <-done
		p.finish(b)
		b.home <- b
	}
	wg.Wait()
}

// finish gives out the events of a batch that all workers are done with, and
// does what is due by the wall clock.
func (p *Pipeline) finish(b *batch) {
	now := time.Now()
	p.merge.take(b, now)
	b.forgetRules()
	if p.opt.Geo != nil {
		if _, err := p.opt.Geo.Check(now); err != nil {
			p.fault("geoip", err)
		}
	}
	if p.opt.Batch != nil {
		p.opt.Batch(now)
	}
}

// fill reads the next batch and deals with faults of the source.
func (p *Pipeline) fill(fr *front, b *batch) {
	if err := fr.fill(b); err != nil {
		p.fault("capture", err)
	}
	b.rules = p.rules.Load()
}

func (p *Pipeline) newBatch() *batch {
	b := newBatch(len(p.workers) / len(p.fronts))
	b.frames.Frames = make([]decoders.Frame, 0, p.opt.Config.Capture.Batch)
	return b
}
