// Package ruleconf reads the three files that rulesets bring along: texts in,
// plain structs and diagnostics with line and column out.
//
//	classification.config  classtype ─► label, priority
//	reference.config       reference type ─► URL prefix
//	threshold.config       rate control and suppression by gid and sid
//
// It knows syntax only: what a threshold does is the matter of detection. A
// line that cannot be read is reported and left out; the rest of the file
// counts. Results are immutable and share no memory with the text.
package ruleconf
