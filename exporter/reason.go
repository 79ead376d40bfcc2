package exporter

// DropReason says why an event did not reach a sink. It indexes counters and
// is the label reason of the metrics.
type DropReason uint8

// Reasons.
const (
	DropNone      DropReason = iota
	DropQueueFull            // the sink was slower than the events for longer than its queue could hold
	DropShutdown             // the deadline of the shutdown came first
	DropDiskFull             // no space or quota left at the destination
	DropIO                   // the destination failed: input/output error, no such folder, broken pipe
	DropTooLarge             // the destination takes no record of this size
	DropSinkFault            // the sink returned without saying what became of the record: a defect of the sink

	// NumDropReasons is the length of an array indexed by DropReason.
	NumDropReasons
)

var dropReasonNames = [NumDropReasons]string{
	DropNone:      "none",
	DropQueueFull: "queue_full",
	DropShutdown:  "shutdown",
	DropDiskFull:  "disk_full",
	DropIO:        "io_error",
	DropTooLarge:  "too_large",
	DropSinkFault: "sink_fault",
}

// String returns the reason as metrics and stats events write it.
func (r DropReason) String() string {
	if r < NumDropReasons {
		return dropReasonNames[r]
	}
	return dropReasonNames[DropNone]
}
