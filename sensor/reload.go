package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"spanwatch/sensor/pipeline"
	"spanwatch/signatures"
)

// reloader replaces the rules of a running pipeline: on SIGHUP, and when a rule
// file has changed. The new ruleset is made beside the old one, on a thread of
// low priority; if anything but single rules is wrong with it, the old one
// stays in use. Matchers are compiled on such a thread too, so that no packet
// waits for them.
type reloader struct {
	loader   *ruleLoader
	pipeline *pipeline.Pipeline
	messages io.Writer
	watch    time.Duration // 0 does not
	hangup   <-chan os.Signal

	working  sync.WaitGroup
	stopLast func() // ends the compiling of the ruleset in use
}

// settleTime bounds how long the memory of the old rules is waited for: a
// worker without packets goes over to the new ones with its next batch.
const settleTime = 30 * time.Second

// cleanupTime is given to the runtime to run cleanups.
const cleanupTime = 200 * time.Millisecond

// start begins to watch; the function it returns ends that, and waits.
func (r *reloader) start(ctx context.Context, rs *signatures.Ruleset) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.compile(rs)
	r.working.Add(1)
	go func() {
		defer r.working.Done()
		r.run(ctx)
	}()
	return func() {
		cancel()
		if r.stopLast != nil {
			defer r.stopLast()
		}
		r.working.Wait()
	}
}

func (r *reloader) run(ctx context.Context) {
	var tick <-chan time.Time
	if r.watch > 0 {
		ticker := time.NewTicker(r.watch)
		defer ticker.Stop()
		tick = ticker.C
	}
	files := watchedFiles{names: r.loader.fileNames}
	files.loadedNow()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hangup:
			files.loadedNow()
		case <-tick:
			if !files.changed() {
				continue
			}
		}
		r.reload(ctx)
	}
}

// reload replaces the rules, if it can.
func (r *reloader) reload(ctx context.Context) {
	var rs *signatures.Ruleset
	var report *signatures.Report
	var err error
	lowPriority(func() { rs, report, err = r.loader.load() })
	if err == nil {
		err = r.loader.acceptable(report)
	}
	if err != nil {
		fmt.Fprintf(r.messages, "spanwatch: rules are not replaced: %v\n", err)
		r.pipeline.RulesRefused(report, err)
		return
	}
	r.loader.accept(rs)
	r.compile(rs)
	r.pipeline.SetRules(rs, report)
	fmt.Fprintf(r.messages, "spanwatch: rules are replaced: %d loaded, %d failed, %d skipped\n", report.Loaded, report.Failed, report.Skipped)
	if err := saveDatasets(rs.Datasets(), r.loader.cfg.DataDir); err != nil {
		fmt.Fprintf(r.messages, "spanwatch: %v\n", err)
	}
	for wait := time.Duration(0); wait < settleTime && !r.pipeline.Uses(rs); wait += 100 * time.Millisecond {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	// What the libraries hold for the old rules is freed by cleanups, which run
	// some time after the collection that finds it without owner.
	runtime.GC()
	select {
	case <-ctx.Done():
	case <-time.After(cleanupTime):
	}
	debug.FreeOSMemory()
	signatures.ReleaseMemory()
}

// compile lets the ruleset compile its matchers in the background, and ends
// that of the one before.
func (r *reloader) compile(rs *signatures.Ruleset) {
	if r.stopLast != nil {
		r.stopLast()
	}
	done := make(chan struct{})
	work := rs.CompileInBackground()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lowPriority(func() { work(done) })
	}()
	r.stopLast = func() {
		close(done)
		<-ended
		r.stopLast = nil
	}
}

// lowPriority runs f on a thread that gives way to those of packets, where the
// system can, and waits for it.
func lowPriority(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		yieldThread()
		f()
	}()
	<-done
}

// watchedFiles tells when files have changed and are at rest again.
type watchedFiles struct {
	names  func() []string
	loaded map[string]fileVersion
	seen   map[string]fileVersion // at the last look
}

type fileVersion struct {
	size     int64
	modified time.Time
}

// changed reports, once for each change, that files are not those loaded and
// have not changed since the last call: whoever writes them has finished.
func (w *watchedFiles) changed() bool {
	now := w.versions()
	still := sameVersions(now, w.seen)
	w.seen = now
	if !still || sameVersions(now, w.loaded) {
		return false
	}
	w.loaded = now
	return true
}

// loadedNow takes the files as they are for those in use.
func (w *watchedFiles) loadedNow() {
	w.loaded = w.versions()
	w.seen = w.loaded
}

func (w *watchedFiles) versions() map[string]fileVersion {
	now := map[string]fileVersion{}
	for _, name := range w.names() {
		v := fileVersion{size: -1}
		if info, err := os.Stat(name); err == nil {
			v = fileVersion{info.Size(), info.ModTime()}
		}
		now[name] = v
	}
	return now
}

func sameVersions(a, b map[string]fileVersion) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		if w, ok := b[name]; !ok || v.size != w.size || !v.modified.Equal(w.modified) {
			return false
		}
	}
	return true
}
