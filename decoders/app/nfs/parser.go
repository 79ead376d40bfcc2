package nfs

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// Parser is the NFS of one worker and used by one goroutine.
type Parser struct {
	pool   *app.Pool[*Tx]
	hashes file.Hashes
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser that computes all hashes of files.
func NewParser() *Parser { return NewParserWith(file.AllHashes) }

// NewParserWith makes a Parser.
func NewParserWith(hashes file.Hashes) *Parser {
	return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) }), hashes: hashes}
}

// Proto returns app.ProtoNFS.
func (p *Parser) Proto() app.Proto { return app.ProtoNFS }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{parser: p, live: app.NewLive(p.pool)} }

const (
	minCall  = 40 // bytes of a call without credentials and arguments
	minReply = 24 // bytes of a reply without results
)

// Probe says Yes to a call of NFS, or to a reply that was accepted: nothing in
// it says of which program.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	if !in.Datagram {
		if len(data) < recordMark {
			return app.Maybe
		}
		length := binary.BigEndian.Uint32(data) &^ (1 << 31)
		if length < minReply || length > maxRecord+bulkStart {
			return app.No
		}
		data = data[recordMark:]
	}
	if len(data) < 8 {
		return short(in)
	}
	r := reader{rest: data}
	xid := r.u32()
	if r.u32() == rpcReply {
		if len(data) < minReply || in.Datagram && len(data) == minReply {
			return short(in)
		}
		if r.u32() != 0 || xid == 0 {
			return app.No
		}
		r.u32()
		if n := r.u32(); n > maxAuth || n == 0 && r.u32() != 0 {
			return app.No
		}
		return app.Yes
	}
	if binary.BigEndian.Uint32(data[4:]) != rpcCall {
		return app.No
	}
	// As in Suricata, a datagram that calls NULL without credentials tells
	// nothing, nor does its reply: programs are asked so whether they are there.
	if len(data) < minCall || in.Datagram && len(data) == minCall {
		return short(in)
	}
	rpc, program, version := r.u32(), r.u32(), r.u32()
	if rpc == rpcVersion && program == programNFS && version >= 2 && version <= 4 {
		return app.Yes
	}
	return app.No
}

// short is the answer to too few bytes.
func short(in app.Input) app.Answer {
	if in.Datagram {
		return app.No
	}
	return app.Maybe
}

// Direction tells replies from calls.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	data := in.Data
	if !in.Datagram {
		data = data[min(recordMark, len(data)):]
	}
	if len(data) >= 8 && binary.BigEndian.Uint32(data[4:]) == rpcReply {
		return decoders.ToClient
	}
	return decoders.ToServer
}
