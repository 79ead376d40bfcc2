package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

// AppendRecord tells of a transaction, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.kind == kindOddity {
		return false
	}
	r.Uint("id", t.id+1)
	if len(t.of.dialect) > 0 {
		r.Text("dialect", t.of.dialect)
	} else {
		r.Word("dialect", "unknown")
	}
	m := maker{t.texts[textScratch][:0]}
	m.grow(len(t.call.interfaces))
	r.Text("command", m.text(func(b []byte) []byte { return appendCommand(b, t.version, t.command) }))
	if t.hasStatus {
		t.recordStatus(r, &m)
	}
	r.Uint("session_id", t.session)
	r.Uint("tree_id", uint64(t.tree))
	switch t.kind {
	case kindNegotiate:
		t.recordNegotiate(r)
	case kindSession:
		t.recordSession(r)
	case kindTree:
		t.recordTree(r)
	case kindCreate:
		t.recordCreate(r)
	case kindFile:
		r.Text("filename", t.texts[textName])
		r.Text("share", t.texts[textShare])
		r.Text("fuid", t.texts[textHandle])
	case kindControl:
		if name, ok := functionNames[t.function]; ok {
			r.Word("function", name)
		} else {
			r.Text("function", m.text(func(b []byte) []byte { return appendHexNumber(b, t.function) }))
		}
	case kindRename:
		r.Text("filename", t.texts[textName])
		r.Object("set_info")
		r.Word("class", "SMB2_FILE_INFO")
		r.Word("info_level", "SMB2_FILE_RENAME_INFO")
		r.End()
		r.Object("rename")
		r.Text("from", t.texts[textName])
		r.Text("to", t.texts[textRenamed])
		r.End()
	case kindDisposition:
		r.Text("filename", t.texts[textName])
		t.recordAccess(r)
		r.Text("fuid", t.texts[textHandle])
	case kindCall:
		t.call.record(r, &m)
	}
	t.texts[textScratch] = m.made
	return true
}

func (t *Tx) recordAccess(r *app.Record) {
	if t.deletes {
		r.Word("access", "delete on close")
	} else {
		r.Word("access", "normal")
	}
}

// The status of a server that failed for no reason that has a number of its own,
// as an error class and code (MS-CIFS section 2.2.2.4).
const serverError = 1<<16 | 2

// recordStatus appends the status: by name where it has one, of version 1
// without NT status codes the error code in decimal.
func (t *Tx) recordStatus(r *app.Record, m *maker) {
	switch name, ok := statusNames[t.status]; {
	case t.dosStatus:
		code := t.status >> 16
		if t.status&0xffff00ff == serverError {
			r.Word("status", "SRV_ERROR")
		} else {
			r.Text("status", m.text(func(b []byte) []byte { return appendDecimal(b, uint64(code)) }))
		}
		r.Text("status_code", m.text(func(b []byte) []byte {
			return append(b, '0', 'x', hexDigits[code>>12], hexDigits[code>>8&15], hexDigits[code>>4&15], hexDigits[code&15])
		}))
		return
	case ok:
		r.Word("status", name)
	default:
		r.Word("status", "UNKNOWN")
	}
	r.Text("status_code", m.text(func(b []byte) []byte { return appendHexNumber(b, t.status) }))
}

// maker makes texts one behind the other in memory that does not move while
// the record points into it.
type maker struct{ made []byte }

func (m *maker) grow(interfaces int) {
	const most = 256
	if need := most + 64*interfaces; cap(m.made) < need {
		m.made = make([]byte, 0, need)
	}
}

func (m *maker) text(appendTo func([]byte) []byte) []byte {
	start := len(m.made)
	m.made = appendTo(m.made)
	return m.made[start:len(m.made):len(m.made)]
}

func appendHexNumber(dst []byte, v uint32) []byte {
	dst = append(dst, "0x"...)
	started := false
	for shift := 28; shift >= 0; shift -= 4 {
		if d := v >> shift & 15; d != 0 || started || shift == 0 {
			dst = append(dst, hexDigits[d])
			started = true
		}
	}
	return dst
}

func (t *Tx) recordNegotiate(r *app.Record) {
	if len(t.dialects.ends) > 0 {
		r.List("client_dialects")
		for i := range t.dialects.ends {
			r.Text("", t.dialects.at(i))
		}
		r.End()
	}
	r.OptionalText("client_guid", t.texts[textClientGUID])
	r.OptionalText("server_guid", t.texts[textServerGUID])
	if t.maxRead > 0 {
		r.Uint("max_read_size", uint64(t.maxRead))
	}
	if t.maxWrite > 0 {
		r.Uint("max_write_size", uint64(t.maxWrite))
	}
}

func (t *Tx) recordSession(r *app.Record) {
	if t.ntlm {
		r.Object("ntlmssp")
		r.Text("domain", t.texts[textDomain])
		r.Text("user", t.texts[textUser])
		r.Text("host", t.texts[textHost])
		r.OptionalText("version", t.texts[textVersion])
		r.End()
	}
	for i, name := range [...]string{"request", "response"} {
		os, lm := t.texts[textNativeOS+i], t.texts[textNativeLM+i]
		if len(os) > 0 || len(lm) > 0 {
			r.Object(name)
			r.Text("native_os", os)
			r.Text("native_lm", lm)
			r.End()
		}
	}
}

func (t *Tx) recordTree(r *app.Record) {
	if t.pipe {
		r.Text("named_pipe", t.texts[textName])
	} else {
		r.Text("share", t.texts[textName])
	}
	if t.version == 1 {
		r.Object("service")
		r.OptionalText("request", t.texts[textService])
		r.OptionalText("response", t.texts[textServiceServer])
		r.End()
		return
	}
	switch t.shareType {
	case 1:
		r.Word("share_type", "FILE")
	case sharePipe:
		r.Word("share_type", "PIPE")
	case 3:
		r.Word("share_type", "PRINT")
	default:
		r.Word("share_type", "UNKNOWN")
	}
}

func (t *Tx) recordCreate(r *app.Record) {
	if len(t.texts[textName]) > 0 {
		r.Text("filename", t.texts[textName])
	} else {
		r.Word("filename", "<share_root>")
	}
	if int(t.disposition) < len(dispositions) {
		r.Word("disposition", dispositions[t.disposition])
	} else {
		r.Word("disposition", "UNKNOWN")
	}
	t.recordAccess(r)
	for i, name := range [...]string{"created", "accessed", "modified", "changed"} {
		r.Uint(name, t.times[i])
	}
	r.Uint("size", t.size)
	r.Text("fuid", t.texts[textHandle])
}

// record appends the dcerpc object.
func (c *call) record(r *app.Record, m *maker) {
	r.Object("dcerpc")
	r.Word("request", c.request.String())
	if c.answered {
		r.Word("response", c.answer.String())
	} else {
		r.Word("response", "UNREPLIED")
	}
	request := c.request == dce.Request
	if request {
		r.Uint("opnum", uint64(c.opnum))
		c.recordSide(r, "req", decoders.ToServer)
	}
	if len(c.interfaces) > 0 {
		r.List("interfaces")
		for i := range c.interfaces {
			f := &c.interfaces[i]
			r.Object("")
			r.Text("uuid", m.text(f.UUID.AppendText))
			r.Text("version", m.text(f.AppendVersion))
			if !request {
				r.Uint("ack_result", uint64(f.Result))
				r.Uint("ack_reason", uint64(f.Reason))
			}
			r.End()
		}
		r.End()
	}
	if c.answered && c.answer == dce.Response {
		c.recordSide(r, "res", decoders.ToClient)
	}
	r.Uint("call_id", uint64(c.id))
	r.End()
}

func (c *call) recordSide(r *app.Record, name string, dir decoders.Direction) {
	r.Object(name)
	r.Uint("frag_cnt", uint64(c.fragments[dir]))
	r.Uint("stub_data_size", uint64(len(c.stub[dir])))
	r.End()
}
