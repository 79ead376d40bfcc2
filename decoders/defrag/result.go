package defrag

import "spanwatch/decoders"

// Status says what became of a fragment.
type Status uint8

// What became of a fragment.
const (
	Refused   Status = iota // not used: see Result.Reason; the caller counts the packet
	Kept                    // waits for the others
	Completed               // the Datagram is whole
)

// String returns the status in lower case.
func (s Status) String() string {
	switch s {
	case Kept:
		return "kept"
	case Completed:
		return "completed"
	default:
		return "refused"
	}
}

// Reason says why a fragment was refused, or why a datagram was given up.
type Reason uint8

// Reasons. The first group refuses a fragment, the second ends a datagram.
const (
	ReasonNone        Reason = iota
	ReasonNotFragment        // the packet is no IP fragment
	ReasonTruncated          // the capture does not hold the whole fragment
	ReasonMalformed          // the headers are not where the packet says
	ReasonEmpty              // no data, which no sender makes
	ReasonMisaligned         // more fragments follow but the length is no multiple of 8
	ReasonTooLarge           // reaches beyond 65,535 bytes (ping of death)
	ReasonEndConflict        // contradicts the end of the datagram that was seen before
	ReasonNoMemory           // the bounds leave no room for it

	ReasonTimeout   // not complete within Config.Timeout of its first fragment
	ReasonEvicted   // pushed out by newer datagrams at a bound of Config
	ReasonTooMany   // in more pieces than Config.MaxPieces
	ReasonOversized // complete, but with its header beyond what IP can express
	ReasonFlushed   // the capture ended
	ReasonCount     // number of reasons, for counter arrays
)

var reasonNames = [ReasonCount]string{
	ReasonNone:        "none",
	ReasonNotFragment: "not_fragment",
	ReasonTruncated:   "truncated",
	ReasonMalformed:   "malformed",
	ReasonEmpty:       "empty",
	ReasonMisaligned:  "misaligned",
	ReasonTooLarge:    "too_large",
	ReasonEndConflict: "end_conflict",
	ReasonNoMemory:    "no_memory",
	ReasonTimeout:     "timeout",
	ReasonEvicted:     "evicted",
	ReasonTooMany:     "too_many_pieces",
	ReasonOversized:   "oversized",
	ReasonFlushed:     "flushed",
}

// String returns the reason as metrics name it.
func (r Reason) String() string {
	if r < ReasonCount {
		return reasonNames[r]
	}
	return "invalid"
}

// Overlap says how a fragment met bytes that were there before.
type Overlap uint8

// Overlaps, in rising order of suspicion.
const (
	OverlapNone      Overlap = iota
	OverlapDuplicate         // the same range with the same bytes: a copy by the network
	OverlapSame              // another range, the same bytes
	OverlapDifferent         // different bytes: what the receiver reads depends on its policy
)

// Result of Add.
type Result struct {
	Status  Status
	Reason  Reason // set iff Status is Refused
	Overlap Overlap
	Policy  Policy // the receiver's; set unless refused before the datagram was known
}

// Datagram is a complete datagram; valid iff Result.Status is Completed.
type Datagram struct {
	// Bytes starts with the IP header: lengths are those of the whole,
	// fragment fields cleared, the IPv4 checksum recomputed, the IPv6 fragment
	// header taken out. Valid until the next Add.
	Bytes     []byte
	First     int64  // packet time of the fragment that came first, nanoseconds
	Fragments uint32 // packets that were spent on it, duplicates included
	WireBytes uint64 // sum of their Packet.WireLen
	Overlap   Overlap
}

// Incomplete is a datagram that was given up. It names what is known of its
// flow; ports are not, unless a first fragment came, and so are left out.
type Incomplete struct {
	Src, Dst    decoders.Addr
	VLANs       [3]uint16
	ID          uint32
	IPVersion   uint8
	Proto       uint8 // of IPv4; 0 for IPv6, where only the first fragment knows
	Depth       uint8
	Reason      Reason
	Overlap     Overlap
	First, Last int64  // packet times of its first and last fragment, nanoseconds
	Fragments   uint32 // packets that were spent on it, duplicates included
	WireBytes   uint64 // sum of their Packet.WireLen
}

// Bound is one of those that Config sets to what a Table holds.
type Bound uint8

// Bounds.
const (
	BoundDatagrams Bound = iota // Config.MaxDatagrams
	BoundFragments              // Config.MaxFragments
	BoundBytes                  // Config.MaxBytes
	boundCount
)

var boundNames = [boundCount]string{"datagrams", "fragments", "bytes"}

// String returns the bound as metrics name it.
func (b Bound) String() string {
	if b < boundCount {
		return boundNames[b]
	}
	return "invalid"
}

// Stats are totals since New. Packets given to Add =
// Rebuilt.Fragments + given-up Fragments + Refused + those Held now.
type Stats struct {
	FragmentsV4, FragmentsV6 uint64 // packets given to Add
	Rebuilt                  uint64 // datagrams completed
	RebuiltV6                uint64 // of them, those of IPv6
	RebuiltFragments         uint64 // packets spent on them
	Atomic                   uint64 // of them IPv6 datagrams in one fragment (RFC 6946)
	Duplicates               uint64 // fragments with OverlapDuplicate
	OverlapsSame             uint64
	OverlapsDifferent        uint64
	Refused                  [ReasonCount]uint64 // fragments by reason
	GivenUp                  [ReasonCount]uint64 // datagrams by reason
	GivenUpFragments         uint64              // packets spent on them

	// Reached is how many times a datagram gave way, or a fragment was refused,
	// for each bound.
	Reached [boundCount]uint64
	// Fullness is how much of the bound that is closest is in use now, 0 to 1.
	Fullness float64

	Datagrams     int    // trackers held now
	HeldFragments uint64 // packets spent on them
	Bytes         int    // memory for their data now
}

// Add adds the counters of another Table.
func (s *Stats) Add(o *Stats) {
	s.FragmentsV4 += o.FragmentsV4
	s.FragmentsV6 += o.FragmentsV6
	s.Rebuilt += o.Rebuilt
	s.RebuiltV6 += o.RebuiltV6
	s.RebuiltFragments += o.RebuiltFragments
	s.Atomic += o.Atomic
	s.Duplicates += o.Duplicates
	s.OverlapsSame += o.OverlapsSame
	s.OverlapsDifferent += o.OverlapsDifferent
	for r := range s.Refused {
		s.Refused[r] += o.Refused[r]
		s.GivenUp[r] += o.GivenUp[r]
	}
	s.GivenUpFragments += o.GivenUpFragments
	for b := range s.Reached {
		s.Reached[b] += o.Reached[b]
	}
	s.Fullness = max(s.Fullness, o.Fullness)
	s.Datagrams += o.Datagrams
	s.HeldFragments += o.HeldFragments
	s.Bytes += o.Bytes
}
