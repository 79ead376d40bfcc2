// Package pipeline is the wiring of the sensor: frames in, events, metrics and
// a summary out. It is the only place that starts goroutines.
//
//	Source ─► front ───────────► workers ─────────────────► merge ─► exporter
//	          decode, defrag,     flow table, parsers,       order, thresholds,
//	          tunnels, shard      detection, encoding        seq, talkers, stats
//	             │   *batch          │   *batch                 │   records
//	             └──── batches go round: merge gives them back ─┘
//
// A batch carries some hundred frames and everything made of them: packets,
// then each worker's encoded events. It belongs to one stage at a time; only
// while workers hold it, several of them read its packets, each writing only
// its own part of the output. Memory is bounded by the number of batches.
//
// A flow belongs to one worker, chosen by the hash of its key, so workers
// share nothing and lock nothing. The merge stage takes batches in the order
// of capture and the events of a batch in the order of its packets, so that
// output, sequence numbers and thresholds are the same for any number of
// workers. With one worker everything runs inline, without a channel.
//
// Flows that need no inspection any more, or that overload gives up (package
// overload), are only counted: the flow table sees every packet, streams, parsers
// and rules do not (shed.go). With Options.Shunt their frames stay in the kernel.
package pipeline
