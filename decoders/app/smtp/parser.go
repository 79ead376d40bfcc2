package smtp

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// maxFree transactions are kept for reuse by a Parser.
const maxFree = 16

// Parser is the SMTP of one worker. It owns the memory of all transactions of
// its States and is used by one goroutine.
type Parser struct {
	config Config
	free   []*Tx
	files  file.Pool
	stats  Stats
}

// Stats counts what was not followed.
type Stats struct {
	GivenUp           uint64 // flows with too many live transactions
	FilesBeyond       uint64 // attachments of a mail beyond the most that are followed
	RecipientsBeyond  uint64 // recipients of a mail beyond the most that are kept
	RepliesLost       uint64 // flows whose server owes too many replies
	HeaderTextDropped uint64 // fields, names and URLs of mails, see mime.Message.Dropped
}

// Stats returns the counters of all flows so far.
func (p *Parser) Stats() Stats { return p.stats }

var (
	_ app.Parser    = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser with the default configuration.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser.
func NewParserWith(c Config) *Parser { return &Parser{config: c} }

// Proto returns app.ProtoSMTP.
func (p *Parser) Proto() app.Proto { return app.ProtoSMTP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{parser: p} }

// Patterns are the greetings of clients, and the code of the server's greeting
// where its text confirms it: FTP servers greet with the same code.
func (p *Parser) Patterns() []app.Pattern {
	var out []app.Pattern
	for _, verb := range []string{"EHLO", "HELO", "QUIT", "ehlo", "helo", "quit", "Ehlo", "Helo", "Quit"} {
		out = append(out, app.Pattern{Transport: app.TCP, Dir: decoders.ToServer, Bytes: []byte(verb), Confirm: true})
	}
	for _, code := range []string{"220 ", "220-"} {
		out = append(out, app.Pattern{Transport: app.TCP, Dir: decoders.ToClient, Bytes: []byte(code), Confirm: true})
	}
	return out
}

// Probe says Yes to a client's EHLO, HELO or QUIT and to a server's greeting
// that names the protocol. A greeting that does not may still be one: Maybe,
// until the client speaks.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	switch {
	case in.Datagram:
		return app.No
	case len(data) < 4:
		return app.Maybe
	}
	if verbIs(data, "ehlo") || verbIs(data, "helo") || verbIs(data, "quit") {
		if len(data) > 4 && data[4] != ' ' && data[4] != '\r' && data[4] != '\n' {
			return app.No
		}
		return app.Yes
	}
	if string(data[:3]) != "220" || data[3] != ' ' && data[3] != '-' {
		return app.No
	}
	line, _, whole := bytes.Cut(data, []byte("\n"))
	switch {
	case containsFold(line, "smtp"):
		return app.Yes
	case containsFold(line, "ftp"):
		return app.No
	case whole && in.EOF, len(line) > maxLine:
		return app.No
	}
	return app.Maybe
}

// Direction tells greetings of servers from those of clients.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if len(in.Data) > 0 && in.Data[0] == '2' {
		return decoders.ToClient
	}
	return decoders.ToServer
}

func containsFold(b []byte, lower string) bool {
	for ; len(b) >= len(lower); b = b[1:] {
		if verbIs(b, lower) {
			return true
		}
	}
	return false
}

func (p *Parser) take() *Tx {
	if n := len(p.free); n > 0 {
		tx := p.free[n-1]
		p.free = p.free[:n-1]
		return tx
	}
	return &Tx{}
}

func (p *Parser) give(tx *Tx) {
	if tx.hasMail {
		p.stats.HeaderTextDropped += uint64(tx.mail.Dropped())
	}
	for i := range tx.files {
		p.files.Give(tx.files[i])
	}
	tx.reset()
	if len(p.free) < maxFree {
		p.free = append(p.free, tx)
	}
}
