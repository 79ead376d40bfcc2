package smb

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// Config bounds what is parsed. Of sizes and counts of reading and writing 0 is
// no bound.
type Config struct {
	Hashes file.Hashes // of files

	MaxTransactions int // live ones of a flow

	// Bytes that one READ or WRITE may move, whatever the server allows.
	MaxReadSize, MaxWriteSize uint32
	// Bytes and pieces of a file that may wait for what lies before them.
	MaxReadQueueSize, MaxWriteQueueSize   uint64
	MaxReadQueueCount, MaxWriteQueueCount int
}

// DefaultConfig returns Suricata's bounds, and all hashes.
func DefaultConfig() Config {
	return Config{
		Hashes: file.AllHashes, MaxTransactions: 1024, MaxReadSize: 16 << 20, MaxWriteSize: 16 << 20,
		MaxReadQueueSize: 64 << 20, MaxWriteQueueSize: 64 << 20, MaxReadQueueCount: 64, MaxWriteQueueCount: 64,
	}
}

// Parser is the SMB of one worker and used by one goroutine.
type Parser struct {
	pool     *app.Pool[*Tx]
	config   Config
	queued   uint64 // bytes that wait in all flows
	patterns []app.Pattern
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// Magic numbers at the start of a message.
var (
	magicV1         = []byte("\xffSMB")
	magicV2         = []byte("\xfeSMB")
	magicEncrypted  = []byte("\xfdSMB")
	magicCompressed = []byte("\xfcSMB")
)

// NewParser makes a Parser with the defaults.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser.
func NewParserWith(c Config) *Parser {
	p := &Parser{pool: app.NewPool(func() *Tx { return new(Tx) }), config: c}
	for _, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
		for _, magic := range [][]byte{magicV1, magicV2} {
			p.patterns = append(p.patterns, app.Pattern{Transport: app.TCP, Dir: dir, Offset: recordHeader, Bytes: magic, Confirm: true})
		}
	}
	return p
}

// Proto returns app.ProtoSMB.
func (p *Parser) Proto() app.Proto { return app.ProtoSMB }

// New makes the state of a flow.
func (p *Parser) New() app.State { return newState(p) }

// Patterns are the magic numbers behind the header of a record.
func (p *Parser) Patterns() []app.Pattern { return p.patterns }

// Probe says Yes to a record with a message in it, and to the records with
// which NetBIOS opens a session.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	switch {
	case in.Datagram:
		return app.No
	case len(data) < recordHeader+len(magicV1):
		if len(data) > 0 && data[0] != recordMessage && data[0] != recordRequest {
			return app.No
		}
		return app.Maybe
	}
	if data[0] == recordRequest || data[0] == recordPositive {
		if len(data) >= recordHeader+recordLength(data) {
			return app.Yes
		}
		return app.Maybe
	}
	magic := data[recordHeader:][:len(magicV1)]
	if data[0] == recordMessage && (bytes.Equal(magic, magicV1) || bytes.Equal(magic, magicV2)) {
		return app.Yes
	}
	return app.No
}

// Direction tells answers from requests by their flag.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	data := part(in.Data, recordHeader, len(in.Data))
	answer := false
	switch {
	case bytes.HasPrefix(data, magicV1) && len(data) > 9:
		answer = data[9]&0x80 != 0
	case bytes.HasPrefix(data, magicV2) && len(data) > 16:
		answer = data[16]&1 != 0
	default:
		answer = len(in.Data) > 0 && in.Data[0] == recordPositive
	}
	if answer {
		return decoders.ToClient
	}
	return decoders.ToServer
}
