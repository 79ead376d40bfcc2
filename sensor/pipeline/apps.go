package pipeline

import (
	"fmt"
	"slices"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/registry"
	"spanwatch/exporter/event"
	"spanwatch/signatures"
)

// appFlow is the parser state of one flow.
type appFlow struct {
	proto  app.Proto
	state  app.State
	broken bool // the parser gave up on the flow
	failed bool // … on something of it, which may be one datagram
	// state as what it may be too; nil where it is not.
	bounded  app.Bounded
	ciphered app.Ciphered
	refined  app.Refined
	// advanced says that transactions have moved since rules last looked at
	// them in that direction.
	advanced [2]bool
	// recordable says that parser or rules have been at transactions since records
	// last was.
	recordable bool
	ended      [2]uint64 // transactions of lower number need no look for their end in that direction
	next       uint32
	frames     *app.FrameLog // nil unless rules are on frames of the protocol
	parent     uint64        // id of the flow that agreed on this one; 0 is none
	upgraded   uint64        // number of the frame after which another protocol follows; 0 is none
}

// parse calls the parser. A panic is a bug of ours that one flow's bytes
// brought out: it costs that flow its parser, and no other flow anything.
func (a *appFlow) parse(in app.Input) (res app.Result, panicked bool) {
	defer func() {
		if recover() != nil {
			a.broken = true
			res, panicked = app.Result{Status: app.StatusError}, true
		}
	}()
	return a.state.Parse(in), false
}

// appBlock is what appTable grows by: with a hundred thousand flows, moving all of
// them to a larger slice would hold the worker up for milliseconds.
type appBlock [1 << appBlockBits]appFlow

const appBlockBits = 8

// appTable holds the parser states of one worker's flows. A flow keeps an
// index, so that flow records stay free of pointers; states of ended flows are
// reused by protocol.
type appTable struct {
	detector *app.Detector
	parsers  []app.Parser    // by app.Proto; nil where there is none
	blocks   []*appBlock     // of states; they stay where they are, and the first of the first is never used
	used     uint32          // places in blocks that were given out
	free     []uint32        // by app.Proto: head of the list through appFlow.next
	logs     []*app.FrameLog // not in use
	framed   []bool          // by app.Proto: rules are on its frames

	// Of protocols that define themselves, by app.Proto.
	types     []event.Type // of their records
	flowSides []bool       // see app.Definition
}

func newAppTable(o *Options) (appTable, error) {
	t := appTable{blocks: []*appBlock{new(appBlock)}, used: 1, parsers: make([]app.Parser, 256), free: make([]uint32, 256),
		types: make([]event.Type, 256), flowSides: make([]bool, 256), framed: make([]bool, 256)}
	set := registry.NewWith(parserConfig(&o.Config.App, o.Files != nil))
	enabled := set[:0]
	if err := checkProtocols(set, &o.Config.App); err != nil {
		return t, err
	}
	for _, c := range set {
		name := c.Parser.Proto().String()
		if slices.Contains(o.Config.App.Disabled, name) {
			continue
		}
		switch c.Parser.Proto() {
		case app.ProtoDNS:
			if !o.Config.App.DNS.Enabled {
				continue
			}
			c.UDPPorts = o.Config.App.DNS.Ports
		}
		var err error
		if c.TCPPorts, err = ports(o.Config.App.TCPPorts, name, c.TCPPorts); err != nil {
			return t, fmt.Errorf("app.tcp-ports: %w", err)
		}
		if c.UDPPorts, err = ports(o.Config.App.UDPPorts, name, c.UDPPorts); err != nil {
			return t, fmt.Errorf("app.udp-ports: %w", err)
		}
		if d, ok := c.Parser.(app.Described); ok {
			proto := c.Parser.Proto()
			of := d.Definition()
			kind := of.Event
			if kind == "" {
				kind = proto.String()
			}
			t.types[proto], _ = event.TypeByName(kind)
			t.flowSides[proto] = of.FlowSides
		}
		t.parsers[c.Parser.Proto()] = c.Parser
		enabled = append(enabled, c)
	}
	var err error
	t.detector, err = app.NewDetector(enabled)
	return t, err
}

// detect asks about the start of one side; ports are in its direction. With
// turned, the side may prove to be the other one.
func (t *appTable) detect(proto uint8, src, dst uint16, turned bool, in app.Input) app.Detection {
	ports := app.Ports{Src: src, Dst: dst}
	if turned {
		return t.detector.Detect(in, app.Transport(proto), ports)
	}
	return t.detector.DetectOneWay(in, app.Transport(proto), ports)
}

// use tells what rules look at, for flows that begin from now on.
func (t *appTable) use(rules *signatures.Ruleset) {
	for p := range t.framed {
		t.framed[p] = rules.Frames(app.Proto(p))
	}
}

// open returns the index of a fresh state.
func (t *appTable) open(proto app.Proto) uint32 {
	i := t.free[proto]
	if i != 0 {
		a := t.at(i)
		t.free[proto] = a.next
		a.broken, a.failed, a.advanced, a.recordable, a.ended, a.parent, a.upgraded = false, false, [2]bool{}, false, [2]uint64{}, 0, 0
	} else {
		i = t.used
		t.used++
		if int(i>>appBlockBits) == len(t.blocks) {
			t.blocks = append(t.blocks, new(appBlock))
		}
		a := t.at(i)
		a.proto, a.state = proto, t.parsers[proto].New()
		a.bounded, _ = a.state.(app.Bounded)
		a.ciphered, _ = a.state.(app.Ciphered)
		a.refined, _ = a.state.(app.Refined)
	}
	if a := t.at(i); t.framed[proto] {
		if marker, ok := a.state.(app.FrameMarker); ok {
			a.frames = t.frameLog()
			marker.MarkFrames(a.frames)
		}
	}
	return i
}

func (t *appTable) frameLog() *app.FrameLog {
	n := len(t.logs)
	if n == 0 {
		return new(app.FrameLog)
	}
	log := t.logs[n-1]
	t.logs = t.logs[:n-1]
	log.Reset()
	return log
}

func (t *appTable) at(i uint32) *appFlow {
	return &t.blocks[i>>appBlockBits][i&(1<<appBlockBits-1)]
}

func (t *appTable) close(i uint32) {
	a := t.at(i)
	a.state.Reset()
	if a.frames != nil {
		t.logs = append(t.logs, a.frames)
		a.frames = nil
	}
	a.next, t.free[a.proto] = t.free[a.proto], i
}
