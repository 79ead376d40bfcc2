package signatures

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// hook is the stage of a transaction that a rule's header asks for, as in
// dns:request_complete.
type hook struct {
	dirs  keyword.DirectionSet
	stage uint8 // of the transaction's progress
	done  bool  // wait for the end of that side
	// last is the progress at which the stage is over: a look that began
	// beyond it is too late. Of a hook that waits for the end it means nothing.
	last uint8
}

// toServer and toClient make the hook of one stage.
func toServer(stage uint8) hook { return hook{dirs: keyword.DirToServer, stage: stage, last: stage} }
func toClient(stage uint8) hook { return hook{dirs: keyword.DirToClient, stage: stage, last: stage} }

// commonHooks are those that every protocol has.
var commonHooks = map[string]hook{
	"request_started":   {dirs: keyword.DirToServer},
	"request_complete":  {dirs: keyword.DirToServer, done: true},
	"response_started":  {dirs: keyword.DirToClient},
	"response_complete": {dirs: keyword.DirToClient, done: true},
}

// namedHooks are those of single protocols, by the progress of their
// transactions.
var namedHooks = map[app.Proto]map[string]hook{
	app.ProtoHTTP1: {
		// There is a transaction before its side has said a thing.
		"request_started":  {dirs: keyword.DirToServer, stage: keyword.HTTPLine},
		"response_started": {dirs: keyword.DirToClient, stage: keyword.HTTPLine},
		"request_line":     toServer(keyword.HTTPLine),
		"request_headers":  toServer(keyword.HTTPHeaders),
		"request_body":     toServer(keyword.HTTPBody),
		"request_trailer":  toServer(keyword.HTTPTrailer),
		"response_line":    toClient(keyword.HTTPLine),
		"response_headers": toClient(keyword.HTTPHeaders),
		"response_body":    toClient(keyword.HTTPBody),
		"response_trailer": toClient(keyword.HTTPTrailer),
	},
	app.ProtoTLS: {
		"client_in_progress":    toServer(keyword.TLSStart),
		"client_hello_done":     toServer(keyword.TLSClientHello),
		"client_cert_done":      toServer(keyword.TLSClientCert),
		"client_handshake_done": toServer(keyword.TLSClientHandshake),
		"client_finished":       toServer(keyword.TLSClientFinished),
		"server_in_progress":    toClient(keyword.TLSStart),
		"server_hello":          toClient(keyword.TLSServerHello),
		"server_cert_done":      toClient(keyword.TLSServerCert),
		"server_hello_done":     toClient(keyword.TLSServerHelloDone),
		"server_handshake_done": toClient(keyword.TLSServerHandshake),
		"server_finished":       toClient(keyword.TLSServerFinished),
	},
	app.ProtoSSH: {
		"request_in_progress": toServer(keyword.SSHStart),
		// A banner whose line has not ended has no progress of its own here: the
		// stage is over once it has.
		"request_banner_wait_eol":  {dirs: keyword.DirToServer, stage: keyword.SSHBanner},
		"request_banner_done":      {dirs: keyword.DirToServer, stage: keyword.SSHBanner, last: keyword.SSHKex},
		"request_finished":         toServer(keyword.SSHFinished),
		"response_in_progress":     toClient(keyword.SSHStart),
		"response_banner_wait_eol": {dirs: keyword.DirToClient, stage: keyword.SSHBanner},
		"response_banner_done":     {dirs: keyword.DirToClient, stage: keyword.SSHBanner, last: keyword.SSHKex},
		"response_finished":        toClient(keyword.SSHFinished),
	},
	app.ProtoSMTP: {
		"request_data":  toServer(keyword.SMTPData),
		"response_data": toClient(keyword.SMTPData),
	},
}

// reached says whether a transaction is at the stage of the hook: it has come
// there, and before, the last look at it had not yet been beyond.
func (h *hook) reached(tx app.Tx, dir decoders.Direction, before uint8) bool {
	if !h.dirs.Has(dir) {
		return false
	}
	if h.done {
		return tx.Complete(dir)
	}
	return before <= h.last && (tx.Progress(dir) >= h.stage || tx.Complete(dir))
}

// hook returns that of the rule's header, nil for none. Hooks of packets are
// conditions of b's plan.
func (c *compiler) hook(b *keyword.Builder, r *rule.Rule, proto app.Proto) (*hook, *rule.Diagnostic) {
	if r.Hook == "" || proto == app.ProtoUnknown && b.AddPacketHook(r.Hook) {
		return nil, nil
	}
	h, ok := namedHooks[proto][r.Hook]
	if !ok {
		h, ok = commonHooks[r.Hook]
	}
	if !ok || proto == app.ProtoUnknown {
		return nil, withSid(&rule.Diagnostic{Pos: r.Pos, Code: "unsupported-hook", What: "protocol " + r.Proto + " has no hook " + r.Hook}, r)
	}
	b.NarrowHook(h.dirs)
	return &h, nil
}

// hookOfBuffers refuses a buffer that is to be had at another stage than that
// of the hook, as Suricata does.
func (s *Signature) hookOfBuffers(fail func(code, what, why, hint string) *rule.Diagnostic) *rule.Diagnostic {
	if s.hook == nil {
		return nil
	}
	for _, l := range s.tx {
		if from := l.Source.From(); from != 0 && (s.hook.done || from != s.hook.stage) {
			return fail("bad-combination", l.Source.Name+" is not to be had at the hook of the rule's header", "a hook is one stage of a transaction, and the buffer belongs to another", "")
		}
	}
	return nil
}
