// Package signatures finds rules that match: packets, flows and transactions
// in, matches out.
//
//	text ─► rule.Rule ─► Signature ─► Ruleset ─► Inspector ─► Match ─► Thresholds ─► alert
//	        rule/        compile.go   ruleset.go  one a worker          one, in packet order
//	        keyword/ (one file per keyword: from option to condition)
//	                                  prefilter/ (patterns: which signatures have a chance)
//
// Load compiles rules and says of each one that is not in use why. A Ruleset
// is immutable and shared by all workers. An Inspector holds one worker's
// scratch memory and the flowbits of its flows; it is used by one goroutine,
// allocates nothing in steady state, and knows nothing of other workers.
// Thresholds that count across flows are therefore not its matter: it marks
// such matches (Match.Pending), and one Thresholds decides in packet order, so
// that the alerts do not depend on the number of workers.
//
// Bytes of the input are borrowed for the time of one Inspect call. Time is
// packet time. The package knows nothing of events, export or sockets.
//
// A ruleset may be replaced between two packets (Inspector.Swap). What one rule
// and all rules on one packet may take is bounded (keyword.Limits) and counted.
//
// The README lists the supported keywords and the differences from Suricata.
package signatures
