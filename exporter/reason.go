package exporter

// DropReason says why an event did not reach a sink. It indexes counters and
// is the label reason of the metrics.
type DropReason uint8

// Reasons.
const (
	DropNone         DropReason = iota
	DropQueueFull               // the sink was slower than the events for longer than its queue could hold
	DropShutdown                // the deadline of the shutdown came first
	DropDiskFull                // no space or quota left at the destination, or on the spool's disk
	DropIO                      // the destination failed: input/output error, no such folder, broken pipe
	DropTooLarge                // the destination takes no record of this size
	DropSinkFault               // the sink returned without saying what became of the record: a defect of the sink
	DropSpoolFull               // the bound of the spool is reached, and records of more value have its place
	DropSpoolCorrupt            // spooled, and damaged on the disk since
	DropExpired                 // waited longer than allowed: in the spool, or without one for an answer
	DropRejected                // the destination answers and does not take the record: no topic, no right, a refused record
	DropUnreachable             // the destination could not be reached for longer than allowed, and there is no spool
	DropEncoding                // the event could not be redacted or put in the sink's schema: a defect of the encoder

	// NumDropReasons is the length of an array indexed by DropReason.
	NumDropReasons
)

var dropReasonNames = [NumDropReasons]string{
	DropNone:         "none",
	DropQueueFull:    "queue_full",
	DropShutdown:     "shutdown",
	DropDiskFull:     "disk_full",
	DropIO:           "io_error",
	DropTooLarge:     "too_large",
	DropSinkFault:    "sink_fault",
	DropSpoolFull:    "spool_full",
	DropSpoolCorrupt: "spool_corrupt",
	DropExpired:      "expired",
	DropRejected:     "rejected",
	DropUnreachable:  "unreachable",
	DropEncoding:     "encoding",
}

// String returns the reason as metrics and stats events write it.
func (r DropReason) String() string {
	if r < NumDropReasons {
		return dropReasonNames[r]
	}
	return dropReasonNames[DropNone]
}

// FilterReason says which part of a sink's filter held an event back. It
// indexes counters and is the label reason of the metrics.
type FilterReason uint8

// Reasons.
const (
	FilterNone     FilterReason = iota
	FilterType                  // the sink takes other event types
	FilterSeverity              // an alert less severe than the sink takes
	FilterNetwork               // no end of the event lies in the sink's networks, or one lies in its excluded ones
	FilterSampled               // the sink takes a sample, and this event is not in it

	// NumFilterReasons is the length of an array indexed by FilterReason.
	NumFilterReasons
)

var filterReasonNames = [NumFilterReasons]string{
	FilterNone:     "none",
	FilterType:     "type",
	FilterSeverity: "severity",
	FilterNetwork:  "network",
	FilterSampled:  "sampled",
}

// String returns the reason as metrics write it.
func (r FilterReason) String() string {
	if r < NumFilterReasons {
		return filterReasonNames[r]
	}
	return filterReasonNames[FilterNone]
}
