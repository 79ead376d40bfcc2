package keyword

import (
	"slices"
	"strings"
	"sync"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/registry"
	"spanwatch/signatures/rule"
)

// frameSources are the buffers of frames, by protocol and name: "smtp.data".
// Every protocol over TCP has the frame stream.
var frameSources = sync.OnceValue(func() map[string]*Source {
	sources := map[string]*Source{}
	layers := map[app.Proto]decoders.Layers{}
	for _, a := range AppProtocols() {
		layers[a.Proto] = a.Layers
	}
	for _, c := range registry.New() {
		framed, ok := c.Parser.(app.Framed)
		if !ok {
			continue
		}
		proto := framed.Proto()
		names := append([]string{app.FrameStreamName}, framed.FrameNames()...)
		for kind, name := range names {
			if kind == 0 && layers[proto]&decoders.LayerTCP == 0 {
				continue
			}
			sources[proto.String()+"."+name] = &Source{
				Name: "frame:" + proto.String() + "." + name, Apps: Protos(proto), Frame: true, FrameKind: app.FrameKind(kind), Dirs: DirBoth,
			}
		}
	}
	return sources
})

// setFrame is the keyword frame: `frame:[proto.]name; content:…`. Without a
// protocol it is that of the rule.
func setFrame(b *Builder, o *rule.Option) *rule.Diagnostic {
	name := strings.TrimSpace(o.Value)
	var source *Source
	if proto, rest, found := strings.Cut(name, "."); found {
		if p, ok := app.ProtoByName(proto); ok {
			if p == app.ProtoHTTP1 {
				p = app.ProtoHTTP
			}
			source = frameSources()[p.String()+"."+rest]
		}
	}
	if source == nil {
		for p := range b.plan.Apps.All() {
			if source = frameSources()[p.String()+"."+name]; source != nil {
				break
			}
		}
	}
	if source == nil {
		var known []string
		for key := range frameSources() {
			known = append(known, key)
		}
		slices.Sort(known)
		return b.fail(o, "unknown-frame", "unknown frame "+quoted(name), "", rule.Nearest(name, known))
	}
	bare := *o
	bare.Value = ""
	return b.useSource(&bare, source)
}
