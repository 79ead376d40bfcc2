package decoders

// Reason says why a packet could not be handled further. Every frame that is
// not counted in a flow is counted under exactly one of these.
type Reason uint8

// ReasonNone and the refusals. The order is not part of any interface; the
// names of String are.
const (
	ReasonNone Reason = iota
	ReasonLinkType
	ReasonTruncated
)
