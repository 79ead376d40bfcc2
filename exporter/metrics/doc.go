// Package metrics shows the sensor's counters in Prometheus text format and in
// OpenMetrics, whichever the client prefers.
//
//	sensor ──Source(w *Writer)──► Writer ──► catalogue order, HELP, TYPE ──► GET /metrics
//	(sums its workers' integers,  (labels escaped, series bounded)             with the metrics of
//	 copies its snapshots)                                                     process and Go runtime
//
// Every metric is declared once, in the catalogue: name, kind, labels, bound
// and meaning. A source can write nothing else, and README.md beside this file
// is generated from it.
//
// Nothing is registered per label set. The sensor keeps plain integers; they
// are summed when somebody asks. Metrics whose labels come from the traffic
// (hosts, flows, services) have a bound on their series: what goes beyond it is
// added up in one series whose labels are all "other", so that sums over a
// metric stay exact.
//
// A Source is called by one goroutine at a time, that of the scrape, and must
// get its numbers without holding up a worker.
package metrics
