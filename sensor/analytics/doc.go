// Package analytics says who uses the network and for what: deltas of flows
// in, totals and top talkers out.
//
//	flow.Table ─► []flow.Delta ─► Account.Apply ─► Account.Snapshot ─► metrics, web page
//	   (workers)   per flow and     (one goroutine)     top k of hosts, services and flows,
//	               second                               each with its exact rest; a series
//	                                                    of seconds
//
// A delta is what one flow carried in one second, so the cost is per flow and
// second, not per packet. Every list of a Snapshot adds up: its rows and its
// Other are exactly the total, whatever was dropped from the bounded tables.
//
// An Account is owned by one goroutine. What Snapshot returns is a copy that
// belongs to the caller.
package analytics
