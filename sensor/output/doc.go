// Package output opens the destinations that the configuration names below
// output, each behind an outlet of its own.
//
//	config.Output ─► kinds: eve, kafka, syslog, … ─► Set ─► Outlets ─► pipeline
//	                 check, open                     ├───► MetricsSource
//	                                                 └───► Left, what waits in spools
//
// A kind of sink is one entry of kinds: how its section is checked and how it is
// opened. Nothing else here, in the session or in the pipeline knows which kinds
// there are.
package output
