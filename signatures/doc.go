// Package signatures finds rules that match: packets, flows and transactions
// in, matches out.
//
//	text ─► rule.Rule ─► Signature ─► group ─► prefilter ─► inspect ─► Match
//	        rule/        compile.go   prefilter/            inspect.go
//	        keyword/ (one file per keyword: from rule option to condition)
//
// A Ruleset is immutable once compiled and may be shared by all workers; an
// Inspector holds one worker's scratch memory and mutable detection state
// (flowbits, thresholds) and is used by one goroutine. Bytes of the input are
// borrowed for the time of one Inspect call. The package knows nothing of
// events, export or sockets.
package signatures
