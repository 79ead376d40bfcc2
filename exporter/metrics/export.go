package metrics

import (
	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// ExportSource shows the accounts of an exporter's outlets, and for each the
// equation export_<sink>.
func ExportSource(outlets []*exporter.Outlet) Source {
	return func(w *Writer) {
		for _, o := range outlets {
			counts := o.Snapshot()
			batches, bytes := o.QueueDepth()
			w.Uint(ExportQueueBatches, uint64(batches), o.Name())
			w.Uint(ExportQueueBytes, uint64(bytes), o.Name())
			w.Float(ExportOldest, o.OldestAge().Seconds(), o.Name())
			latency := o.Latency()
			w.Histogram(ExportLatency, exporter.LatencyBounds[:], latency.Buckets[:], latency.Seconds, o.Name())
			for _, t := range event.Types() {
				writeExport(w, o.Name(), t.String(), &counts[t])
			}
			total := counts.Total()
			in := total.Made + total.Recovered
			w.Equation("export_"+o.Name(), in, in-uint64(total.Balance()))
		}
	}
}

func writeExport(w *Writer, sink, typ string, c *exporter.TypeCounts) {
	w.Uint(ExportMade, c.Made, sink, typ)
	w.Uint(ExportDelivered, c.Delivered, sink, typ)
	w.Uint(ExportDeliveredBytes, c.Bytes, sink, typ)
	if c.Recovered+c.Stored > 0 { // most sinks have no spool
		w.Uint(ExportRecovered, c.Recovered, sink, typ)
		w.Uint(ExportReplayed, c.Replayed, sink, typ)
	}
	w.Uint(ExportSpooled, c.Stored, sink, typ)
	w.Uint(ExportSpool, c.Spooled, sink, typ)
	w.Uint(ExportQueued, c.Queued, sink, typ)
	for r := exporter.DropNone + 1; r < exporter.NumDropReasons; r++ {
		w.Uint(ExportDropped, c.Dropped[r], sink, typ, r.String())
	}
	for r := exporter.FilterNone + 1; r < exporter.NumFilterReasons; r++ {
		if c.Filtered[r] > 0 { // most sinks have no filter
			w.Uint(ExportFiltered, c.Filtered[r], sink, typ, r.String())
		}
	}
}
