package keyword

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Hook is a stage of a transaction by its name in rules, as in the header
// dns:request_complete.
type Hook struct {
	Dirs  DirectionSet
	Stage uint8 // of the transaction's progress
	Done  bool  // wait for the end of that side
	// Last is the progress at which the stage is over: a look that began
	// beyond it is too late. Of a hook that waits for the end it means nothing.
	Last uint8
}

// hookToServer and hookToClient make the hook of one stage.
func hookToServer(stage uint8) Hook { return Hook{Dirs: DirToServer, Stage: stage, Last: stage} }
func hookToClient(stage uint8) Hook { return Hook{Dirs: DirToClient, Stage: stage, Last: stage} }

// commonHooks are those that every protocol has.
var commonHooks = map[string]Hook{
	"request_started":   {Dirs: DirToServer},
	"request_complete":  {Dirs: DirToServer, Done: true},
	"response_started":  {Dirs: DirToClient},
	"response_complete": {Dirs: DirToClient, Done: true},
}

// namedHooks are those of single protocols, by the progress of their
// transactions.
var namedHooks = map[app.Proto]map[string]Hook{
	app.ProtoHTTP1: {
		// There is a transaction before its side has said a thing.
		"request_started":  {Dirs: DirToServer, Stage: HTTPLine},
		"response_started": {Dirs: DirToClient, Stage: HTTPLine},
		"request_line":     hookToServer(HTTPLine),
		"request_headers":  hookToServer(HTTPHeaders),
		"request_body":     hookToServer(HTTPBody),
		"request_trailer":  hookToServer(HTTPTrailer),
		"response_line":    hookToClient(HTTPLine),
		"response_headers": hookToClient(HTTPHeaders),
		"response_body":    hookToClient(HTTPBody),
		"response_trailer": hookToClient(HTTPTrailer),
	},
	app.ProtoTLS: {
		"client_in_progress":    hookToServer(TLSStart),
		"client_hello_done":     hookToServer(TLSClientHello),
		"client_cert_done":      hookToServer(TLSClientCert),
		"client_handshake_done": hookToServer(TLSClientHandshake),
		"client_finished":       hookToServer(TLSClientFinished),
		"server_in_progress":    hookToClient(TLSStart),
		"server_hello":          hookToClient(TLSServerHello),
		"server_cert_done":      hookToClient(TLSServerCert),
		"server_hello_done":     hookToClient(TLSServerHelloDone),
		"server_handshake_done": hookToClient(TLSServerHandshake),
		"server_finished":       hookToClient(TLSServerFinished),
	},
	app.ProtoSSH: {
		"request_in_progress": hookToServer(SSHStart),
		// A banner whose line has not ended has no progress of its own here: the
		// stage is over once it has.
		"request_banner_wait_eol":  {Dirs: DirToServer, Stage: SSHBanner},
		"request_banner_done":      {Dirs: DirToServer, Stage: SSHBanner, Last: SSHKex},
		"request_finished":         hookToServer(SSHFinished),
		"response_in_progress":     hookToClient(SSHStart),
		"response_banner_wait_eol": {Dirs: DirToClient, Stage: SSHBanner},
		"response_banner_done":     {Dirs: DirToClient, Stage: SSHBanner, Last: SSHKex},
		"response_finished":        hookToClient(SSHFinished),
	},
	app.ProtoSMTP: {
		"request_data":  hookToServer(SMTPData),
		"response_data": hookToClient(SMTPData),
	},
}

// stageName is a name of the stages from one progress on.
type stageName struct {
	from uint8
	name string
}

// stageNames are the names by which alerts tell how far the sides of a transaction
// have come, least progress first, by protocol and direction. EVE has them for these
// protocols only.
var stageNames = map[app.Proto][2][]stageName{
	app.ProtoHTTP: {
		decoders.ToServer: {{0, "request_started"}, {HTTPLine, "request_line"}, {HTTPHeaders, "request_headers"}, {HTTPBody, "request_body"}, {HTTPTrailer, "request_trailer"}, {HTTPTrailer + 1, "request_complete"}},
		decoders.ToClient: {{0, "response_started"}, {HTTPLine, "response_line"}, {HTTPHeaders, "response_headers"}, {HTTPBody, "response_body"}, {HTTPTrailer, "response_trailer"}, {HTTPTrailer + 1, "response_complete"}},
	},
	app.ProtoTLS: {
		decoders.ToServer: {{TLSStart, "client_in_progress"}, {TLSClientHello, "client_hello_done"}, {TLSClientCert, "client_cert_done"}, {TLSClientHandshake, "client_handshake_done"}, {TLSClientFinished, "client_finished"}},
		decoders.ToClient: {{TLSStart, "server_in_progress"}, {TLSServerHello, "server_hello"}, {TLSServerCert, "server_cert_done"}, {TLSServerHelloDone, "server_hello_done"}, {TLSServerHandshake, "server_handshake_done"}, {TLSServerFinished, "server_finished"}},
	},
	app.ProtoSSH: {
		decoders.ToServer: {{SSHStart, "request_in_progress"}, {SSHBanner, "request_banner_done"}, {SSHFinished, "request_finished"}},
		decoders.ToClient: {{SSHStart, "response_in_progress"}, {SSHBanner, "response_banner_done"}, {SSHFinished, "response_finished"}},
	},
	app.ProtoSMTP: {
		decoders.ToServer: {{0, "request_started"}, {SMTPData, "request_data"}, {SMTPData + 1, "request_complete"}},
		decoders.ToClient: {{0, "response_started"}, {SMTPData, "response_data"}, {SMTPData + 1, "response_complete"}},
	},
}

// StageName says by name how far a side of a transaction has come, as far as EVE
// names it; "" for other protocols.
func StageName(p app.Proto, tx app.Tx, dir decoders.Direction) (name string) {
	progress := tx.Progress(dir)
	for _, s := range stageNames[p][dir] {
		if s.from <= progress {
			name = s.name
		}
	}
	return name
}

// FindHook returns a hook of a protocol by its name.
func FindHook(p app.Proto, name string) (Hook, bool) {
	h, ok := namedHooks[p][name]
	if !ok {
		h, ok = commonHooks[name]
	}
	return h, ok && p != app.ProtoUnknown
}

// Reached says whether a transaction is at the stage of the hook: it has come
// there, and before, the last look at it had not yet been beyond.
func (h *Hook) Reached(tx app.Tx, dir decoders.Direction, before uint8) bool {
	if !h.Dirs.Has(dir) {
		return false
	}
	if h.Done {
		return tx.Complete(dir)
	}
	return before <= h.Last && (tx.Progress(dir) >= h.Stage || tx.Complete(dir))
}
