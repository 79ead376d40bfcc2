package pipeline

import (
	"spanwatch/decoders/app"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/filestore"
)

// fillApps writes what was made of application protocols, and where parsers gave
// up.
func fillApps(t *event.Tree, w *workerCounters) {
	for p := range w.Apps {
		a := &w.Apps[p]
		if a.Flows > 0 {
			name := app.Proto(p).String()
			t.Set("app_layer.flow."+name, a.Flows)
			t.Set("app_layer.tx."+name, a.Tx)
			t.Set("app_layer.error."+name+".gap", a.Gaps)
			t.Set("app_layer.error."+name+".parser", a.Errors)
			t.Set("app_layer.error."+name+".internal", a.Panics)
		}
	}
	t.Set("app_layer.flow.failed_tcp", w.FailedTCP)
	t.Set("app_layer.flow.failed_udp", w.FailedUDP)
	t.Set("app_layer.expectations", w.Expectations)
	t.Set("app_layer.expectations_dropped", w.ExpectationsDropped)
}

func writeApps(w *metrics.Writer, v *View) {
	for proto := range v.Work.Apps {
		a := &v.Work.Apps[proto]
		if a.Flows == 0 {
			continue
		}
		name := app.Proto(proto).String()
		w.Uint(metrics.AppFlows, a.Flows, name)
		w.Uint(metrics.AppTransactions, a.Tx, name)
		w.Uint(metrics.AppErrors, a.Gaps, name, "gap")
		w.Uint(metrics.AppErrors, a.Errors, name, "parser")
		w.Uint(metrics.AppErrors, a.Panics, name, "internal")
		w.Uint(metrics.AppAnomalies, a.Events, name)
	}
	w.Uint(metrics.AppUnrecognised, v.Work.FailedTCP, "tcp")
	w.Uint(metrics.AppUnrecognised, v.Work.FailedUDP, "udp")
	w.Uint(metrics.AppExpectations, v.Work.Expectations)
	w.Uint(metrics.AppDroppedExpectations, v.Work.ExpectationsDropped)
}

// fillFiles writes what became of the files that rules ask for. They are written
// in the background, so that a replay can not tell in time.
func fillFiles(t *event.Tree, s filestore.Stats) {
	t.Set("file_store.stored", s.Stored)
	t.Set("file_store.stored_bytes", s.Written)
	t.Set("file_store.known", s.Known)
	t.Set("file_store.max_reached", s.Full)
	t.Set("file_store.too_large", s.Large)
	t.Set("file_store.fs_errors", s.Failed)
}

func writeFiles(w *metrics.Writer, s filestore.Stats) {
	w.Uint(metrics.FilestoreFiles, s.Stored, "stored")
	w.Uint(metrics.FilestoreFiles, s.Known, "known")
	w.Uint(metrics.FilestoreFiles, s.Full, "full")
	w.Uint(metrics.FilestoreFiles, s.Large, "large")
	w.Uint(metrics.FilestoreFiles, s.Failed, "failed")
	w.Uint(metrics.FilestoreBytes, s.Written)
}
