package dcerpc

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

// AppendRecord tells of a bind or a call, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	r.Word("request", t.request.String())
	if t.request == dce.Request {
		r.Object("req")
		r.Uint("opnum", uint64(t.opnum))
		t.sides[decoders.ToServer].record(r)
		r.End()
	}
	t.recordInterfaces(r)
	if t.hasAnswer {
		r.Word("response", t.answer.String())
		if t.answer == dce.Response {
			r.Object("res")
			t.sides[decoders.ToClient].record(r)
			r.End()
		}
	} else {
		r.Word("response", "UNREPLIED")
	}
	if t.datagram {
		start := len(t.scratch)
		t.scratch = t.appendActivity(t.scratch)
		r.Text("activityuuid", t.scratch[start:])
		r.Uint("seqnum", uint64(t.callID))
		r.Word("rpc_version", "4.0")
		return true
	}
	r.Uint("call_id", uint64(t.callID))
	version := "5.0"
	if t.minor == 1 {
		version = "5.1"
	}
	r.Word("rpc_version", version)
	return true
}

func (s *side) record(r *app.Record) {
	r.Uint("frag_cnt", uint64(s.fragments))
	r.Uint("stub_data_size", uint64(s.size))
}

// recordInterfaces appends the list of interfaces. Its texts are made in
// scratch, which must not grow once one of them is in the record.
func (t *Tx) recordInterfaces(r *app.Record) {
	t.scratch = t.scratch[:0]
	const most = 36 + 11 // of a UUID and a version, and the activity behind them
	if need := most * (len(t.interfaces) + 1); cap(t.scratch) < need {
		t.scratch = make([]byte, 0, need)
	}
	if len(t.interfaces) == 0 {
		return
	}
	r.List("interfaces")
	for i := range t.interfaces {
		f := &t.interfaces[i]
		r.Object("")
		start := len(t.scratch)
		t.scratch = f.UUID.AppendText(t.scratch)
		r.Text("uuid", t.scratch[start:])
		start = len(t.scratch)
		t.scratch = f.AppendVersion(t.scratch)
		r.Text("version", t.scratch[start:])
		if !t.datagram {
			r.Uint("ack_result", uint64(f.Result))
		}
		r.End()
	}
	r.End()
}
