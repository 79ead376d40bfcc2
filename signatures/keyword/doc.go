// Package keyword turns the options of a rule into conditions and evaluates
// them: one file per keyword, and one table that names them all (table.go).
//
//	rule.Option ─► Keyword.Setup ─► Builder ─► Plan
//	                                           ├ Tests    on packet and flow
//	                                           ├ Lists    buffer + transforms + Chain of contents
//	                                           ├ TxTests  on a transaction's numbers and events
//	                                           ├ Effects  after a full match (flowbits)
//	                                           └ Meta, rates, what the rule needs
//
// A new keyword is a file with a Setup function and a line in the table. The
// buffers and numbers of an application protocol are lines in tables of their
// own (buffers.go, numbers.go).
//
// A Plan is immutable and shared by all workers. Facts and Machine are one
// worker's: what a packet is, and the scratch memory of evaluation. Bytes that
// Facts lead to are borrowed for one evaluation; nothing is kept.
package keyword
