// Package shape is what stands between the queue and a sink that does not want
// every event as it is.
//
//	records ─► filter ──────────► redact ───────► schema ─► the sink itself
//	           type, severity,    fields and      EVE or
//	           network, sample    profiles        ECS
//	           └─► filtered{reason}
//
// Each sink has its own. What the filter holds back is counted as filtered, not
// as dropped. Redaction comes before the change of schema, so that its paths
// are those of EVE for every sink; an event that can not be redacted is dropped
// and counted, never delivered as it is.
//
// A Sink runs in the goroutine of its outlet, so nothing here costs the packet
// path anything. Records that pass unchanged are handed on as they are; the
// memory of changed ones belongs to the Sink and is used again by the next
// Deliver.
package shape
