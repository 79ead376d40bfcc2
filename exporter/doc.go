// Package exporter delivers finished events to sinks and accounts for every
// one of them.
//
//	             Append            Flush               Outlet.Run
//	open event ────────► *Batch ─────────► bounded queue ────────► Sink.Deliver ─► delivered
//	(seq, id added)      one for all       one per sink            one call           spooled
//	                     sinks             │                       per batch          dropped{reason}
//	                                       └─► dropped{queue_full}                    filtered{reason}
//
// The promise, kept per sink and event type at every moment a Snapshot can be
// taken:
//
//	made + recovered = delivered + spooled + dropped{reason} + filtered{reason} + queued
//
// An event that Append took is in exactly one of these. Spooled are those that
// are on the disk of a Keeper now: when one is delivered later it moves to
// delivered, when the spool loses it to dropped. Recovered are those that an
// earlier process left in the spool. Filtered is what the operator does not want
// at that sink. Delivered means that
// the destination has it (the kernel, for a file; the brokers, for Kafka),
// never that it is in some buffer of ours: the batch is the only buffer, and a
// Sink says what became of each record before Deliver returns.
//
// A slow or failing sink holds up neither capture nor the other sinks: its
// queue is bounded in bytes and batches, and what does not fit is dropped and
// counted. Part of the bound is kept for alerts. A replay, which can wait,
// sets Config.Block and loses nothing. Where a sink prefers few large calls, the
// outlet gathers what has queued up, and may linger for more.
//
// A Deliver that waits for its destination must not be the reason why a killed
// process loses the alerts in the queue behind it. A sink with a disk of its own
// (WriteAhead) gets them a second time, before Deliver and beside it:
//
//	bounded queue ─┬─► Ahead: alerts to the disk ─┐ still queued
//	               └──────────────────────────────┴─► Deliver ─► their fate
//
// One goroutine calls Append, Flush and Close; one goroutine per Outlet calls
// Run, which has a second one for Ahead and ends it before it returns. Ahead
// waits for nothing but the disk. When that is slow, Deliver waits for it too,
// the queue fills, and what does not fit is dropped and counted. Append copies its arguments; the memory
// of a batch is shared by all sinks, read-only, and used again when the last
// one is done with it.
package exporter
