package nfs

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

var be = binary.BigEndian

func u32(v int) string   { return string(be.AppendUint32(nil, uint32(v))) }
func u64(v int) string   { return string(be.AppendUint64(nil, uint64(v))) }
func zeros(n int) string { return string(make([]byte, n)) }

// opaque is bytes with their length, filled up.
func opaque(s string) string { return u32(len(s)) + s + zeros(-len(s)&3) }

// unix are the credentials of a user on a machine.
var unix = u32(authUnix) + opaque(u32(0)+opaque("box")+u32(1000)+u32(100)+u32(0))

// builder makes the messages of a flow: records of a stream, or datagrams.
type builder struct{ datagrams bool }

func (b builder) message(dir decoders.Direction, text string) apptest.Message {
	if !b.datagrams {
		text = u32(1<<31|len(text)) + text
	}
	return apptest.Message{Dir: dir, Data: []byte(text)}
}

func (b builder) call(xid, version, procedure int, args string) apptest.Message {
	return b.message(toServer, u32(xid)+u32(rpcCall)+u32(rpcVersion)+u32(programNFS)+u32(version)+u32(procedure)+unix+u32(0)+u32(0)+args)
}

func (b builder) reply(xid int, results string) apptest.Message {
	return b.message(toClient, u32(xid)+u32(rpcReply)+u32(0)+u32(0)+u32(0)+u32(0)+results)
}

func (b builder) exchange(xid, version, procedure int, args, results string) []apptest.Message {
	return []apptest.Message{b.call(xid, version, procedure, args), b.reply(xid, results)}
}

// Results and arguments of version 3 without attributes.
func read3Args(handle string, offset, count int) string {
	return opaque(handle) + u64(offset) + u32(count)
}
func read3Results(end int, data string) string {
	return u32(0) + u32(0) + u32(len(data)) + u32(end) + opaque(data)
}
func write3Args(handle string, offset, stable int, data string) string {
	return opaque(handle) + u64(offset) + u32(len(data)) + u32(stable) + opaque(data)
}
func write3Results() string { return u32(0) + u32(0) + u32(0) + u32(1) + u32(2) + u64(1) }

// compound is the arguments of version 4, results its results.
func compound(ops ...string) string {
	out := opaque("tag") + u32(0) + u32(len(ops))
	for _, op := range ops {
		out += op
	}
	return out
}

func results(status int, ops ...string) string { return u32(status) + compoundResults(ops...) }

func compoundResults(ops ...string) string {
	out := opaque("tag") + u32(len(ops))
	for _, op := range ops {
		out += op
	}
	return out
}

func done(op int, result ...string) string {
	out := u32(op) + u32(0)
	for _, r := range result {
		out += r
	}
	return out
}

func putfh(handle string) string { return u32(opPutfh) + opaque(handle) }

const state = "0123456789abcdef"

func write4Op(offset, stable int, data string) string {
	return u32(opWrite) + state + u64(offset) + u32(stable) + opaque(data)
}
