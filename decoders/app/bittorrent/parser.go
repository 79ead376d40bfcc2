package bittorrent

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the BitTorrent DHT of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoBittorrentDHT.
func (p *Parser) Proto() app.Proto { return app.ProtoBittorrentDHT }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Patterns are the starts of queries and responses, from either side: peers are
// client and server of each other.
func (p *Parser) Patterns() (patterns []app.Pattern) {
	for _, start := range []string{"d1:ad2:id20:", "d1:rd2:id20:"} {
		for _, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
			patterns = append(patterns, app.Pattern{Transport: app.UDP, Dir: dir, Bytes: []byte(start)})
		}
	}
	return patterns
}

// Probe says Yes to what may be a message, at ports of the configuration.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram && isMessage(in.Data) {
		return app.Yes
	}
	return app.No
}

// Definition says that there is no port of its own. Rules look at its payload.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, Event: "bittorrent_dht"}
}

// maxTxs bounds the messages of a flow that wait for their consumers.
const maxTxs = 256

// State is the BitTorrent DHT of one flow.
type State struct{ live app.Live[*Tx] }

var _ app.State = (*State)(nil)

// Parse makes a transaction of a datagram that is a message.
func (s *State) Parse(in app.Input) app.Result {
	switch {
	case !in.Datagram || s.live.Len() >= maxTxs:
		return app.Result{Status: app.StatusError}
	case !isMessage(in.Data):
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	}
	t := s.live.Add()
	t.Sent(in.Dir)
	if !t.take(in.Data) {
		return app.Result{Status: app.StatusError}
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() { s.live.Reset() }
