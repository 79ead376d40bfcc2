package signatures

import (
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
}

// commonHooks are those that every protocol has.
var commonHooks = map[string]hook{
	"request_started":   {dirs: keyword.DirToServer},
	"request_complete":  {dirs: keyword.DirToServer, done: true},
	"response_started":  {dirs: keyword.DirToClient},
	"response_complete": {dirs: keyword.DirToClient, done: true},
}

// namedHooks are those of single protocols, by the stages of keyword.Source.
var namedHooks = map[app.Proto]map[string]hook{
	app.ProtoHTTP1: {
		"request_line":     {dirs: keyword.DirToServer, stage: keyword.HTTPLine},
		"request_headers":  {dirs: keyword.DirToServer, stage: keyword.HTTPHeaders},
		"request_body":     {dirs: keyword.DirToServer, stage: keyword.HTTPBody},
		"response_line":    {dirs: keyword.DirToClient, stage: keyword.HTTPLine},
		"response_headers": {dirs: keyword.DirToClient, stage: keyword.HTTPHeaders},
		"request_trailer":  {dirs: keyword.DirToServer, stage: keyword.HTTPTrailer},
		"response_body":    {dirs: keyword.DirToClient, stage: keyword.HTTPBody},
		"response_trailer": {dirs: keyword.DirToClient, stage: keyword.HTTPTrailer},
	},
}

// hook returns that of the rule's header, nil for none. Hooks of packets are
// conditions of b's plan.
func (c *compiler) hook(b *keyword.Builder, r *rule.Rule, proto app.Proto) (*hook, *rule.Diagnostic) {
	if r.Hook == "" || proto == app.ProtoUnknown && b.AddPacketHook(r.Hook) {
		return nil, nil
	}
	if h, ok := namedHooks[proto][r.Hook]; ok {
		return &h, nil
	}
	if h, ok := commonHooks[r.Hook]; ok && proto != app.ProtoUnknown {
		return &h, nil
	}
	return nil, withSid(&rule.Diagnostic{Pos: r.Pos, Code: "unsupported-hook", What: "hook " + r.Proto + ":" + r.Hook + " is not supported yet"}, r)
}
