// Package event is the contract with everything that reads the sensor: one Go
// struct per event type, the encoder that turns it into one JSON object, and
// the JSON Schema of what comes out.
//
//	Alert, Flow, DNS, …  ──Encoder.AppendX──►  {"timestamp":…,"alert":{…}      (no brace yet)
//	(plain data, borrowed)                        │
//	                          final writer ──Finish(seq, id)──►  …,"seq":7,"event_id":"…"}
//
// The objects follow Suricata 8's EVE format: where EVE has a field, ours has
// its name, its type and its meaning. What EVE does not have (seq, event_id,
// sensor, src_geo, dest_geo, flow.interval, accounting, bandwidth, stats.accounting) is an
// addition that Options.Strict leaves out. IPv6 addresses are written in the
// short form of RFC 5952, where Suricata writes all eight groups.
//
// An event struct is input only: the encoder keeps nothing of it, and all
// slices and pointers in it are borrowed for the one call. Output is appended
// to a slice of the caller's, who owns it. Nothing here allocates once that
// slice is large enough, asks the clock, or uses reflection. An Encoder is
// used by one goroutine; functions without one may be called from any.
package event
