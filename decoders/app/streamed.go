package app

import "spanwatch/decoders"

// Streamed is implemented by transactions with buffers that grow while the
// transaction goes on: bodies and files. Tx.Buffer has no instance of these.
type Streamed interface {
	// Stream returns what is due for inspection of instance i of a streaming
	// buffer; ok is false when there is no such instance. Asking again gives
	// the same until Inspected is called.
	Stream(b Buffer, i int) (p Piece, ok bool)
	// Inspected says that the run of detection in a direction is over: the
	// pieces that were asked for since the last call are done with, and bytes
	// that no later piece reaches back to are given up.
	Inspected(dir decoders.Direction)
}

// Piece is the part of a streaming buffer that is to be inspected now. It may
// reach back over bytes that were in the piece before, so that patterns across
// the border are found.
type Piece struct {
	// Data is empty when nothing is due: too little has come yet, or nothing
	// new has. Borrowed until Inspected, Parse or Release.
	Data []byte
	// Offset of Data from the start of the buffer, in bytes: conditions on
	// offset and depth refer to the whole.
	Offset uint64
	// EOF says that the buffer ends with Data.
	EOF bool
}

// Upgrader is implemented by states of protocols that can give way to another
// one: CONNECT and Upgrade of HTTP, STARTTLS.
type Upgrader interface {
	// Upgraded reports that what follows the bytes that the last Parse
	// consumed, and all that comes in the other direction, is another
	// protocol. From then on this state parses nothing.
	Upgraded() (Upgrade, bool)
}

// Heir is implemented by states of protocols that go on with the request that
// led to them: HTTP/2 takes that of an upgrade for its first stream's (RFC 7540
// section 3.2).
type Heir interface {
	// Inherit takes what it needs of a request of HTTP/1, before the first Parse.
	Inherit(request Tx)
}

// Upgrade says what comes next.
type Upgrade struct {
	To   Proto  // ProtoUnknown: to be detected
	Port uint16 // the port that detection should go by; 0 is the flow's own
	// Request is what asked for it, for an Heir; nil when there is none.
	// Borrowed until the next Release.
	Request Tx
}
