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
			for _, t := range event.Types() {
				writeExport(w, o.Name(), t.String(), &counts[t])
			}
			total := counts.Total()
			w.Equation("export_"+o.Name(), total.Made, total.Made-uint64(total.Balance()))
		}
	}
}

func writeExport(w *Writer, sink, typ string, c *exporter.TypeCounts) {
	w.Uint(ExportMade, c.Made, sink, typ)
	w.Uint(ExportDelivered, c.Delivered, sink, typ)
	w.Uint(ExportDeliveredBytes, c.Bytes, sink, typ)
	w.Uint(ExportSpooled, c.Spooled, sink, typ)
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
