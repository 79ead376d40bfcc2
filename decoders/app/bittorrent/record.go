package bittorrent

import (
	"encoding/binary"
	"encoding/hex"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the message, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	t.scratch = t.scratch[:0]
	t.hex(r, "transaction_id", t.id)
	t.optionalHex(r, "client_version", t.version)
	switch t.kind {
	case 'q':
		r.Text("request_type", t.query)
		r.Object("request")
		t.hex(r, "id", t.sender)
		t.optionalHex(r, "target", t.target)
		t.optionalHex(r, "info_hash", t.hash)
		t.optionalHex(r, "token", t.token)
		if t.hasImplied {
			r.Uint("implied_port", t.implied)
		}
		if t.hasPort {
			r.Uint("port", t.port)
		}
		r.End()
	case 'r':
		r.Object("response")
		t.hex(r, "id", t.sender)
		t.appendNodes(r, "nodes", t.nodes, idSize+peerSize4)
		t.appendNodes(r, "nodes6", t.nodes6, idSize+peerSize6)
		appendPeers(r, t.values)
		t.optionalHex(r, "token", t.token)
		r.End()
	case 'e':
		r.Object("error")
		r.Uint("num", t.code)
		r.Text("msg", t.text)
		r.End()
	}
	return true
}

// appendNodes adds nodes of a size, as many as there are whole.
func (t *Tx) appendNodes(r *app.Record, member string, b []byte, size int) {
	if len(b) < size {
		return
	}
	r.List(member)
	for ; len(b) >= size; b = b[size:] {
		r.Object("")
		t.hex(r, "id", b[:idSize])
		appendPeer(r, b[idSize:size])
		r.End()
	}
	r.End()
}

// appendPeers adds the peers of a list.
func appendPeers(r *app.Record, list []byte) {
	if len(list) == 0 {
		return
	}
	r.List("values")
	for len(list) > 0 {
		_, peer, rest := next(list)
		size := peerSize4
		if len(peer) >= peerSize6 {
			size = peerSize6
		}
		r.Object("")
		appendPeer(r, peer[:size])
		r.End()
		list = rest
	}
	r.End()
}

func appendPeer(r *app.Record, peer []byte) {
	address := len(peer) - portSize
	r.Address("ip", peer[:address])
	r.Uint("port", uint64(binary.BigEndian.Uint16(peer[address:])))
}

// hex adds bytes in hexadecimal.
func (t *Tx) hex(r *app.Record, member string, b []byte) {
	start := len(t.scratch)
	t.scratch = hex.AppendEncode(t.scratch, b)
	r.Text(member, t.scratch[start:])
}

// optionalHex is hex unless there is nothing.
func (t *Tx) optionalHex(r *app.Record, member string, b []byte) {
	if b != nil {
		t.hex(r, member, b)
	}
}
