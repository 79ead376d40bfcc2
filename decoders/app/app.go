// Package app is the contract between the bytes of one flow and the meaning
// an application protocol gives them: payload in, transactions out.
//
//	payload ──► Detector ──► Parser.New ──► State.Parse ──► Tx, Tx, …
//	(one direction at a time)                               │
//	                                      buffers for detection, record for export, events
//
// A protocol is one folder below this one with the same files: parser.go
// (bytes to messages), state.go (messages to transactions, limits),
// buffers.go (what rules can look at), record.go (what is exported). Its
// Definition tells the rest of the sensor about it, and registry is the one
// list of them; package sip is a small one to begin with. The exporter's
// schema has a line for the type of event and a block for its object.
//
// Bytes given to Parse are borrowed until Parse returns; what a transaction
// keeps, it copies into memory of its own. That memory goes back to the Parser
// on Release and Reset, so a Parser and all its States belong to one worker
// and are used by one goroutine; a State belongs to one flow at a time.
package app

import "spanwatch/decoders"

// Status is a parser's answer to a piece of payload.
type Status uint8

// Parser answers.
const (
	StatusOK         Status = iota // everything was consumed
	StatusIncomplete               // Consumed bytes were used, Need more are wanted
	StatusError                    // the rest of this flow is not parsed any more
)

// Result of one call of Parse. A StatusIncomplete asks to be called again with
// the bytes from Consumed on, once there are at least Need of them.
type Result struct {
	Status   Status
	Consumed int
	Need     int
}

// Input is one piece of in-order payload.
type Input struct {
	Data      []byte // borrowed until Parse returns
	Dir       decoders.Direction
	Timestamp int64 // packet time, nanoseconds
	Datagram  bool  // Data is one whole datagram (UDP), not a piece of a stream
	EOF       bool  // nothing follows in this direction
	// Gap is how many bytes of the stream were lost right before Data. What
	// an Incomplete answer left over is lost with them: Data starts anew.
	Gap uint32
}

// Parser makes the per-flow states of one protocol.
type Parser interface {
	Proto() Proto
	// Probe looks at the first payload of a flow and says whether it is this
	// protocol: Yes, No, or Maybe when more bytes are needed.
	Probe(in Input) Answer
	New() State
}

// Answer of a probe.
type Answer uint8

// Probe answers.
const (
	No Answer = iota
	Maybe
	Yes
)

// Directed is implemented by parsers that can tell from a message which way it
// runs, whoever sent the first packet.
type Directed interface {
	// Direction returns the direction of a message that Probe said Yes to.
	Direction(in Input) decoders.Direction
}

// Patterned is implemented by parsers that some flows can be told by fixed
// bytes at their start.
type Patterned interface {
	Patterns() []Pattern
}

// State is what a parser remembers of one flow.
type State interface {
	// Parse consumes payload and creates or advances transactions.
	Parse(in Input) Result
	// Txs returns the live transactions, oldest first. The slice is valid
	// until the next Parse or Release.
	Txs() []Tx
	// Release forgets transactions that are complete and marked done by the
	// caller, which is called after inspection and logging.
	Release()
	// Reset makes the state as new, keeping its memory, for another flow.
	Reset()
}

// Tx is one transaction: a request with its response, or for DNS (as in
// Suricata since version 6) each message of its own.
type Tx interface {
	ID() uint64 // from 0, in order of appearance in the flow
	// Progress is protocol specific and only grows; Complete says that it
	// reached its end in that direction.
	Progress(decoders.Direction) uint8
	Complete(decoders.Direction) bool
	// Buffer returns instance i (from 0) of a buffer that rules can look at;
	// ok is false when there is no such instance. Borrowed until Release.
	Buffer(b Buffer, i int) (data []byte, ok bool)
	// Integer returns instance i of a numeric field.
	Integer(b Buffer, i int) (value uint64, ok bool)
	// HasEvent reports an oddity of this transaction.
	HasEvent(Event) bool
	// AppendEvents appends all oddities of this transaction to dst.
	AppendEvents(dst []Event) []Event
	// State is memory for the transaction's consumers (detection, logging).
	State() *TxState
}

// Bounded is implemented by states that tell where messages end. What a side
// sent up to there is then inspected by rules on the stream, however little it
// is; otherwise they wait for a chunk of some length.
type Bounded interface {
	// Ended reports, and forgets, whether a message ended in the bytes that
	// Parse took since the last call.
	Ended() bool
}

// Ciphered is implemented by states of protocols that change to ciphertext.
type Ciphered interface {
	// Encrypted reports that only ciphertext is to come in either direction:
	// payload needs no inspection from here on.
	Encrypted() bool
}

// Refined is implemented by states that find out more about what a flow is:
// HTTP/2 that carries DNS is DoH2.
type Refined interface {
	// Refined returns the protocol, ProtoUnknown while there is nothing to say.
	Refined() Proto
}

// Carrier is implemented by transactions that may carry a DNS message from each
// side; rules on DNS are about those that do.
type Carrier interface {
	// Carried returns the message; nil without one.
	Carried(decoders.Direction) Tx
}

// Unidirectional is implemented by transactions that live in one direction
// only, where alone they become complete: the other needs neither inspection
// nor logging.
type Unidirectional interface {
	Direction() decoders.Direction
}

// TxState is what the consumers of a transaction remember on it. Detection
// owns the rest, the pipeline Logged.
type TxState struct {
	Detect [2]uint32 // handle of detection's memory per direction; 0 is none
	Logged bool
	Silent bool    // a rule asked that there be no record
	Done   [2]bool // inspection finished per direction
	// Looked is the progress at which detection last looked, by direction.
	Looked [2]uint8
}
