package stream

import (
	"errors"
	"fmt"
	"net/netip"
)

// Config is what an Engine can be told. The zero value is not valid: start
// from DefaultConfig.
type Config struct {
	// MaxSessions bounds the sessions followed at a time, at least 16. When
	// all are in use, new flows are not followed (Stats.SessionsRefused).
	MaxSessions int
	// OffHeap keeps the sessions outside of Go's heap, whose collector then
	// does not wait for garbage of their size. Release gives them back.
	OffHeap bool

	// Midstream takes up sessions whose opening was not seen, AsyncOneSide
	// also those of which only one side is seen.
	Midstream, AsyncOneSide bool
	// Inline makes data due when it comes instead of when it is acknowledged,
	// and the first copy of every byte win, since an inline sensor lets nothing
	// else through.
	Inline bool
	// IgnoreBadChecksums leaves packets with a wrong TCP or IP checksum out of
	// their sessions: the receiving host does not read them either.
	IgnoreBadChecksums bool

	// Depth is how many bytes of each direction are reassembled; 0 is all.
	Depth uint32
	// ChunkSize is how many acknowledged bytes make a chunk for NextRaw due,
	// by decoders.Direction.
	ChunkSize [2]uint32

	// Memory bounds the bytes held for all sessions, FlowMemory those for one
	// session in both directions. Segments bounds the segments that are
	// remembered for one direction, MaxSynAcks the different SYN+ACKs.
	Memory     uint64
	FlowMemory uint32
	Segments   uint32
	// OnMemory says what happens to a segment for which there is no room.
	OnMemory Exception

	// Hosts gives receiving hosts their way of resolving overlaps; the longest
	// prefix decides, and without one Policy.
	Hosts  []HostPolicy
	Policy Policy

	// Urgent says what becomes of urgent data, UrgentLimit after how many
	// urgent bytes taken out of one direction UrgentBeyond decides instead.
	Urgent, UrgentBeyond Urgent
	UrgentLimit          uint32
}

// HostPolicy assigns a policy to a network.
type HostPolicy struct {
	Prefix netip.Prefix
	Policy Policy
}

// Exception says what is done when memory does not suffice.
type Exception uint8

// Exceptions.
const (
	// ExceptionIgnore leaves the segment out, as if it had been lost.
	ExceptionIgnore Exception = iota
	// ExceptionStop ends reassembly of the flow; its state is still followed.
	ExceptionStop
	// ExceptionEvict takes the memory of a flow that was silent for long and
	// ends reassembly there; when there is none, the segment is left out.
	ExceptionEvict
	exceptionCount
)

var exceptionNames = [exceptionCount]string{"ignore", "stop", "evict"}

// String returns the name as the configuration writes it.
func (x Exception) String() string {
	if x < exceptionCount {
		return exceptionNames[x]
	}
	return "invalid"
}

// Urgent says what becomes of the urgent byte of a segment (RFC 6093), which is
// its last one.
type Urgent uint8

// Ways to treat urgent data.
const (
	UrgentOOB    Urgent = iota // the byte is taken out of the stream
	UrgentInline               // the byte stays in the stream
	UrgentDrop                 // the segment is dropped; without Config.Inline, as UrgentInline
	UrgentGap                  // the byte is missing in the stream: a gap
	urgentCount
)

var urgentNames = [urgentCount]string{"oob", "inline", "drop", "gap"}

// String returns the name as the configuration writes it.
func (u Urgent) String() string {
	if u < urgentCount {
		return urgentNames[u]
	}
	return "invalid"
}

// DefaultConfig returns the settings that Suricata ships with: midstream off,
// depth 1 MiB, chunks of 2,560 bytes, policy bsd.
func DefaultConfig() Config {
	return Config{
		MaxSessions:  1 << 18,
		Depth:        1 << 20,
		ChunkSize:    [2]uint32{2560, 2560},
		Memory:       256 << 20,
		FlowMemory:   16 << 20,
		Segments:     4096,
		OnMemory:     ExceptionEvict,
		Policy:       PolicyBSD,
		Urgent:       UrgentOOB,
		UrgentBeyond: UrgentDrop,
		UrgentLimit:  1<<16 - 1,
	}
}

// ErrConfig is wrapped by every fault that New finds.
var ErrConfig = errors.New("stream engine configuration")

// maxSessions keeps handles inside 31 bits.
const maxSessions = 1 << 30

// maxFlowMemory keeps places inside a buffer far from overflow.
const maxFlowMemory = 1 << 30

func (c *Config) validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
		}
	}
	fault(c.MaxSessions < 16 || c.MaxSessions > maxSessions, "max sessions %d not in 16..%d", c.MaxSessions, maxSessions)
	for d, n := range c.ChunkSize {
		fault(n == 0, "chunk size %d of direction %d", n, d)
	}
	fault(c.Memory < smallestBlock, "memory of %d bytes does not hold one block of %d", c.Memory, smallestBlock)
	fault(c.FlowMemory < smallestBlock || c.FlowMemory > maxFlowMemory,
		"flow memory %d not in %d..%d", c.FlowMemory, smallestBlock, maxFlowMemory)
	fault(c.Segments < 2, "%d segments a direction", c.Segments)
	fault(c.OnMemory >= exceptionCount, "exception %d", c.OnMemory)
	fault(c.Policy >= policyCount, "policy %d", c.Policy)
	fault(c.Urgent >= urgentCount || c.UrgentBeyond >= urgentCount, "urgent policies %d and %d", c.Urgent, c.UrgentBeyond)
	fault(c.UrgentBeyond == UrgentOOB, "urgent data beyond the limit cannot be taken out of band")
	for _, h := range c.Hosts {
		fault(h.Policy >= policyCount || !h.Prefix.IsValid(), "host policy %v %d", h.Prefix, h.Policy)
	}
	return errors.Join(faults...)
}
