package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
	"spanwatch/decoders/app/file"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventInternalError = app.FirstEvent + app.Event(app.ProtoSMB)*app.EventsPerProtocol + iota
	EventMalformedData
	EventRecordOverflow
	EventMalformedNtlmsspRequest
	EventMalformedNtlmsspResponse
	EventDuplicateNegotiate
	EventNegotiateMalformedDialects
	EventFileOverlap
	EventRequestToClient
	EventResponseToServer
	EventNegotiateMaxReadSizeTooLarge
	EventNegotiateMaxWriteSizeTooLarge
	EventReadRequestTooLarge
	EventReadResponseTooLarge
	EventReadQueueSizeExceeded
	EventReadQueueCntExceeded
	EventWriteRequestTooLarge
	EventWriteQueueSizeExceeded
	EventWriteQueueCntExceeded
	EventTooManyTransactions
)

var _ = app.NameEvents(app.ProtoSMB,
	"internal_error", "malformed_data", "record_overflow", "malformed_ntlmssp_request", "malformed_ntlmssp_response",
	"duplicate_negotiate", "negotiate_malformed_dialects", "file_overlap", "request_to_client", "response_to_server",
	"negotiate_max_read_size_too_large", "negotiate_max_write_size_too_large", "read_request_too_large", "read_response_too_large",
	"read_queue_size_exceeded", "read_queue_cnt_exceeded", "write_request_too_large", "write_queue_size_exceeded",
	"write_queue_cnt_exceeded", "too_many_transactions")

// kind says what a transaction is about beyond its command.
type kind uint8

const (
	kindPlain kind = iota
	kindNegotiate
	kindSession
	kindTree
	kindCreate
	kindFile
	kindCall
	kindControl
	kindRename
	kindDisposition
	kindOddity // has events for which there was no other transaction
)

// texts are what a transaction tells in words.
const (
	textName     = iota // of a file, share or pipe
	textRenamed         // the new name of a file
	textShare           // that the file is on
	textHandle          // of the file, as EVE shows it
	textUser            // of NTLMSSP, with the next three
	textDomain          //
	textHost            //
	textVersion         //
	textNativeOS        // of the client, then of the server
	textNativeOSServer
	textNativeLM
	textNativeLMServer
	textService // of a tree connect, asked for and given
	textServiceServer
	textClientGUID
	textServerGUID
	textScratch // made while a record is rendered
	textCount
)

const keptText = 1 << 10 // of each text, for the next transaction

// Tx is a request with its answer, a file that is read or written, or a remote
// call. It implements app.Tx and app.Streamed.
type Tx struct {
	id      uint64
	of      *State // for the dialect, which the answer decides
	version uint8  // of the header: 1, or 2 for all later ones
	command uint16
	kind    kind
	done    [2]bool

	hasStatus bool
	status    uint32
	dosStatus bool // an error class and code instead of an NT status
	session   uint64
	tree      uint32

	texts    [textCount][]byte
	dialects list // that the client offers

	maxRead, maxWrite uint32    // negotiate
	ntlm              bool      // session: the texts of NTLMSSP are valid
	pipe              bool      // tree
	shareType         uint8     // tree, version 2
	disposition       uint32    // create
	deletes           bool      // create: delete on close; disposition: delete
	times             [4]uint64 // create: creation, access, write and change, seconds since 1970
	size              uint64
	function          uint32 // control

	call    call
	content file.Content
	queue   []piece // of the file, that wait for what lies before them

	events app.EventSet
	state  app.TxState
}

// call is a remote call in a pipe.
type call struct {
	handle     handleID
	id         uint32
	request    dce.Type
	answer     dce.Type
	answered   bool
	little     bool
	opnum      uint16
	context    uint16
	stub       [2][]byte
	fragments  [2]uint32
	interfaces []dce.Interface
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
	_ app.Streamed = (*Tx)(nil)
)

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when a side is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.done[dir] {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.done[dir] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoSMB, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoSMB, dst) }

// File returns the file for export; nil when the transaction is none.
func (t *Tx) File(i int) (*file.File, decoders.Direction) {
	if i > 0 || t.kind != kindFile {
		return nil, 0
	}
	return &t.content.File, t.content.Dir
}

// Stream returns what is new of the file for file.data.
func (t *Tx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if t.kind != kindFile {
		return app.Piece{}, false
	}
	return t.content.Stream(b, i)
}

// Inspected says that the pieces given out are done with.
func (t *Tx) Inspected(dir decoders.Direction) { t.content.Inspected(dir) }

func (t *Tx) set(text int, value []byte) { t.texts[text] = append(t.texts[text][:0], value...) }

// answered takes the status of an answer, which completes the transaction.
func (t *Tx) answered(status uint32) {
	t.status, t.hasStatus = status, true
	t.done = [2]bool{true, true}
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	t.dialects.reset()
	fresh := Tx{id: id, dialects: t.dialects}
	for i := range t.texts {
		if cap(t.texts[i]) <= keptText {
			fresh.texts[i] = t.texts[i][:0]
		}
	}
	fresh.call.interfaces = t.call.interfaces[:0]
	for i := range t.call.stub {
		if cap(t.call.stub[i]) <= keptText {
			fresh.call.stub[i] = t.call.stub[i][:0]
		}
	}
	t.content.Clear()
	fresh.content = t.content
	*t = fresh
}
