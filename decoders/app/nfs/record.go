package nfs

import (
	"hash/crc32"
	"strconv"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the call, with the members of EVE. There
// is none of GETATTR, of which clients send one for nearly everything.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.version < 4 && t.procedure == procGetattr || t.events.Has(app.ProtoNFS, EventMalformedData) && t.xid == 0 {
		return false
	}
	t.scratch = t.scratch[:0]
	r.Uint("version", uint64(t.version))
	t.named(r, "procedure", procedureName(t.version, t.procedure), t.procedure)
	r.Text("filename", t.name)
	if len(t.handle) > 0 {
		start := len(t.scratch)
		t.scratch = strconv.AppendUint(t.scratch, uint64(crc32.ChecksumIEEE(t.handle)), 16)
		r.Text("hhash", t.scratch[start:])
	}
	r.Uint("id", t.id+1)
	r.Bool("file_tx", t.isFile)
	r.Word("type", "response")
	t.named(r, "status", statusName(t.status), t.status)
	switch {
	case t.procedure == readOf(t.version):
		t.appendFile(r, "read")
	case t.procedure == writeOf(t.version):
		t.appendFile(r, "write")
	case t.procedure == renameOf(t.version):
		r.Object("rename")
		r.Text("from", t.name)
		r.Text("to", t.newName)
		r.End()
	}
	return true
}

func (t *Tx) appendFile(r *app.Record, name string) {
	r.Object(name)
	r.Bool("first", t.first)
	r.Bool("last", t.last)
	if t.isFile {
		r.Uint("last_xid", uint64(t.lastXID))
		r.Uint("chunks", uint64(t.chunks))
	}
	r.End()
}

// AppendCompanion fills in what the record says of the call below NFS.
func (t *Tx) AppendCompanion(r *app.Record) string {
	r.Uint("xid", uint64(t.xid))
	status := "ACCEPTED"
	if t.rpcStatus == replyDenied {
		status = "DENIED"
	}
	r.Word("status", status)
	t.named(r, "auth_type", authName(t.auth), t.auth)
	if t.unix {
		r.Object("creds")
		r.Text("machine_name", t.machine)
		r.Uint("uid", uint64(t.uid))
		r.Uint("gid", uint64(t.gid))
		r.End()
	}
	return "rpc"
}

// named adds the name of a number, or the number as text.
func (t *Tx) named(r *app.Record, member, name string, n uint32) {
	if name != "" {
		r.Word(member, name)
		return
	}
	start := len(t.scratch)
	t.scratch = strconv.AppendUint(t.scratch, uint64(n), 10)
	r.Text(member, t.scratch[start:])
}

func readOf(version uint32) uint32 {
	if version == 4 {
		return opRead
	}
	return v3Read
}

func writeOf(version uint32) uint32 {
	switch version {
	case 2:
		return v2Write
	case 3:
		return v3Write
	}
	return opWrite
}

func renameOf(version uint32) uint32 {
	switch version {
	case 2:
		return v2Rename
	case 3:
		return v3Rename
	}
	return opRename
}
