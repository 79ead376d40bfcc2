package ftp

import (
	"bytes"
	"net/netip"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxExpectations = 64
	maxName         = 4096 // bytes of the name of a file; lines are not longer
)

// Expectation is a data connection that a control connection agreed on: plain
// data for whoever sees flows start. A passive one may be open already when the
// command for it comes, so that its first payload, not its first packet, is
// what to look for.
type Expectation struct {
	// Port that the connection goes to: the server's, or the client's when
	// Active. Addr is the address that was named; it is invalid where none
	// was, and need not be an end of the control connection (ftpbounce).
	Addr   netip.Addr
	Port   uint16
	Active bool // the server opens it
	// Dir is the direction of the file in the data connection, whose client
	// is who opens it.
	Dir     decoders.Direction
	Command Command
	Name    []byte // of the file as the client wrote it; nil for lists
}

// State is the control connection of one flow.
type State struct {
	parser   *Parser
	nextID   uint64
	txs      []app.Tx
	skip     [2]bool // the rest of a line is passed over
	replying *Tx     // gets the lines of a multi-line reply
	code     [3]byte // that a multi-line reply began with; valid iff replying or cut
	cut      bool    // the rest of a multi-line reply is to come, without replying
	time     int64   // of the packet that brought its last line
	auth     bool    // AUTH TLS waits for its answer
	upgraded bool
	agreed   agreement
	expected []Expectation
	names    []byte // of expected files
}

// agreement is where the next data connection goes.
type agreement struct {
	addr   netip.Addr
	port   uint16 // 0: nothing was agreed on
	active bool
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

// Upgraded reports that TLS follows the answer to AUTH TLS (RFC 4217).
func (s *State) Upgraded() (app.Upgrade, bool) {
	return app.Upgrade{To: app.ProtoTLS}, s.upgraded
}

// Expectations returns the data connections agreed on since the last Parse.
// They are valid until the next one.
func (s *State) Expectations() []Expectation { return s.expected }

// Parse reads the lines of in. Behind a gap it goes on with the next line.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if s.upgraded {
		return app.Result{Status: app.StatusIncomplete, Need: len(in.Data) + 1}
	}
	s.expected, s.names = s.expected[:0], s.names[:0]
	if in.Gap > 0 {
		s.skip[in.Dir] = true
	}
	if in.Dir == decoders.ToClient {
		s.cutReply(in.Timestamp)
	}
	at := 0
	for at < len(in.Data) && !s.upgraded {
		rest := in.Data[at:]
		if s.skip[in.Dir] {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				at = len(in.Data)
				break
			}
			s.skip[in.Dir] = false
			at += i + 1
			continue
		}
		l, n := cutLine(rest)
		if n == 0 && in.EOF {
			l, n = line{text: trim(rest)}, len(rest)
		}
		if n == 0 {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(rest) + 1}
		}
		s.skip[in.Dir] = l.cut
		if !s.line(l, in.Dir) {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += n
	}
	if in.EOF && in.Dir == decoders.ToClient {
		s.noMoreReplies()
	}
	if at < len(in.Data) {
		return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(in.Data) - at + 1}
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// line takes a line; false when the flow has too many transactions.
func (s *State) line(l line, dir decoders.Direction) bool {
	switch {
	case len(l.text) == 0:
		return true
	case dir == decoders.ToServer:
		return s.command(l)
	}
	return s.reply(l)
}

// command makes a transaction of a command that is known.
func (s *State) command(l line) bool {
	// In front of an interrupting command there are bytes of Telnet (RFC 959
	// section 4.1.3, ABOR).
	text := bytes.TrimLeftFunc(l.text, func(r rune) bool { return r > 'z' || r < 'A' })
	c, argument := parseCommand(text)
	if c == CommandNone {
		return true
	}
	t := s.newTx()
	if t == nil {
		return false
	}
	t.command = c
	t.request = append(t.request[:0], text...)
	t.argument = argument
	t.requestCut = l.cut
	if l.cut {
		t.event(app.EventFTPRequestCommandTooLong)
	}
	switch c {
	case CommandAuthTLS:
		s.auth = true
	case CommandPort:
		t.addr, t.port, _ = parsePort(text[argument:])
	case CommandEPRT:
		t.addr, t.port, _ = parseEPRT(text[argument:])
	default:
		if c.upload() || c.download() {
			s.transfer(t)
		}
	}
	return true
}

// transfer expects the data connection of a command.
func (s *State) transfer(t *Tx) {
	name := t.request[t.argument:]
	switch {
	case t.command.named() && len(name) == 0:
		t.event(app.EventFTPFileWithoutName)
		return
	case s.agreed.port == 0:
		t.event(app.EventFTPFileBeforePort)
		return
	}
	e := Expectation{Addr: s.agreed.addr, Port: s.agreed.port, Active: s.agreed.active, Command: t.command}
	if e.Active == t.command.upload() {
		e.Dir = decoders.ToClient
	}
	if t.command.upload() || t.command == CommandRETR {
		start := len(s.names)
		s.names = append(s.names, name[:min(len(name), maxName)]...)
		e.Name = s.names[start:len(s.names):len(s.names)]
	}
	s.agreed = agreement{}
	if len(s.expected) < maxExpectations {
		s.expected = append(s.expected, e)
	}
}

// newTx appends a transaction; nil when there are too many, which the last one
// tells and does not wait any longer.
func (s *State) newTx() *Tx {
	if len(s.txs) > 0 && s.nextID-s.txs[0].ID() > uint64(s.parser.config.MaxTransactions) {
		last := s.txs[len(s.txs)-1].(*Tx)
		last.event(app.EventFTPTooManyTransactions)
		last.done = true
		return nil
	}
	t := s.parser.take()
	t.id = s.nextID
	s.nextID++
	s.txs = append(s.txs, t)
	return t
}

// Txs returns the transactions that were not released yet, oldest first.
func (s *State) Txs() []app.Tx { return s.txs }

// Release gives up the transactions that are complete, logged, and inspected
// in both directions.
func (s *State) Release() {
	kept := s.txs[:0]
	for _, tx := range s.txs {
		t := tx.(*Tx)
		if t.done && t != s.replying && t.state.Logged && t.state.Done == [2]bool{true, true} {
			s.parser.give(t)
		} else {
			kept = append(kept, tx)
		}
	}
	clear(s.txs[len(kept):])
	s.txs = kept
}

// Reset makes the state as new.
func (s *State) Reset() {
	for _, tx := range s.txs {
		s.parser.give(tx.(*Tx))
	}
	clear(s.txs)
	clear(s.expected)
	*s = State{parser: s.parser, txs: s.txs[:0], expected: s.expected[:0], names: s.names[:0]}
}
