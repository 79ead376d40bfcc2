package smtp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mime"
)

const (
	maxRecipients    = 1024
	maxRecipientText = 64 << 10 // bytes of all recipients
	maxFiles         = 64       // attachments followed in a mail
	keptText         = 4 << 10  // bytes that a transaction keeps memory for
)

const (
	firstEvent = app.EventSMTPInvalidReply
	lastEvent  = app.EventSMTPInvalidBDAT
)

// eventSet is a set of the protocol's events.
type eventSet uint64

func (s *eventSet) add(e app.Event)     { *s |= 1 << (e - firstEvent) }
func (s eventSet) has(e app.Event) bool { return s&(1<<(e-firstEvent)) != 0 }

// Tx is one mail. It implements app.Tx and app.Streamed.
type Tx struct {
	id   uint64
	flow *State
	done bool // the client has sent all of it
	// answered: the server has said what became of it. accepted: it has asked
	// for the mail.
	answered, accepted bool
	events             eventSet

	hasFrom    bool
	mailFrom   []byte
	recipients []byte // one behind the other
	ends       []int  // of each recipient

	hasData   bool // DATA was accepted or not answered yet
	hasMail   bool // mail is in use
	hasChunks bool // BDAT came
	mail      mime.Message

	files   []*file.File
	content []content // of files, the same indexes
	open    bool      // the last file is being written

	state app.TxState
}

var (
	_ app.Tx       = (*Tx)(nil)
	_ app.Streamed = (*Tx)(nil)
)

// ID returns the number of the mail in its flow, from 0.
func (t *Tx) ID() uint64 { return t.id }

// Progress of a side.
const (
	Commands = iota // who the mail is from and for
	Data            // the client sends the mail, the server has asked for it
	Finished        // the mail is complete, the server has answered to it
)

// Progress returns one of the constants above.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	server := dir == decoders.ToClient
	switch {
	case t.Complete(dir):
		return Finished
	case server && t.accepted, !server && (t.hasData || t.hasChunks):
		return Data
	}
	return Commands
}

// Complete reports that the client has sent the mail, or that the server has
// answered to it.
func (t *Tx) Complete(dir decoders.Direction) bool {
	return t.done && (t.answered || dir == decoders.ToServer)
}

// HasEvent reports an oddity of the mail or its commands.
func (t *Tx) HasEvent(e app.Event) bool {
	return e >= firstEvent && e <= lastEvent && t.events.has(e)
}

// AppendEvents appends the oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	for e := firstEvent; t.events != 0 && e <= lastEvent; e++ {
		if t.events.has(e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

func (t *Tx) released() bool {
	return t.Complete(decoders.ToClient) && t.state.Logged && t.state.Done == [2]bool{true, true}
}

func (t *Tx) addRecipient(to []byte) {
	if len(t.ends) == maxRecipients || len(t.recipients)+len(to) > maxRecipientText {
		t.flow.parser.stats.RecipientsBeyond++
		return
	}
	t.recipients = append(t.recipients, to...)
	t.ends = append(t.ends, len(t.recipients))
}

// complete ends the mail, to which an answer is to come.
func (t *Tx) complete() {
	t.closeFile()
	t.done = true
}

// abandon ends a transaction that brought no mail.
func (t *Tx) abandon() {
	t.complete()
	t.answered = true
}

// truncate ends an open attachment before its end.
func (t *Tx) truncate() {
	if t.open {
		t.open = false
		t.files[len(t.files)-1].Truncate()
		t.content[len(t.content)-1].closed = true
	}
}

// gap notes bytes that were lost within the mail.
func (t *Tx) gap(n uint64) {
	if t.open {
		t.files[len(t.files)-1].Gap(n)
		t.content[len(t.content)-1].gap(n)
	}
}

func (s *State) openFile(name []byte) {
	t := s.cur
	t.closeFile()
	if len(t.files) == maxFiles {
		s.parser.stats.FilesBeyond++
		return
	}
	f := s.parser.files.Take()
	f.Start(name, s.parser.config.Hashes)
	t.files = append(t.files, f)
	if len(t.content) < cap(t.content) {
		t.content = t.content[:len(t.content)+1]
		t.content[len(t.content)-1].reset()
	} else {
		t.content = append(t.content, content{})
	}
	t.open = true
}

func (t *Tx) write(p []byte) {
	if t.open {
		t.files[len(t.files)-1].Write(p)
		t.content[len(t.content)-1].write(p)
	}
}

func (t *Tx) closeFile() {
	if t.open {
		t.open = false
		t.files[len(t.files)-1].Close()
		t.content[len(t.content)-1].closed = true
	}
}

// oddityEvents tells which event an oddity of the mail is.
var oddityEvents = [...]struct {
	oddity mime.Oddity
	event  app.Event
}{
	{mime.InvalidBase64, app.EventSMTPMIMEInvalidBase64},
	{mime.InvalidQuotedPrintable, app.EventSMTPMIMEInvalidQP},
	{mime.LongLine, app.EventSMTPMIMELongLine},
	{mime.LongEncodedLine, app.EventSMTPMIMELongEncLine},
	{mime.LongHeaderName, app.EventSMTPMIMELongHeaderName},
	{mime.LongHeaderValue, app.EventSMTPMIMELongHeaderValue},
	{mime.LongBoundary, app.EventSMTPMIMELongBoundary},
	{mime.LongFilename, app.EventSMTPMIMELongFilename},
	{mime.Malformed, app.EventSMTPMIMEMalformedMsg},
}

func (t *Tx) addOddities() {
	o := t.mail.Oddities()
	if o == 0 {
		return
	}
	for _, m := range oddityEvents {
		if o&m.oddity != 0 {
			t.events.add(m.event)
		}
	}
}

// reset empties the transaction but keeps its memory within bounds. Its files
// have gone back to their pool.
func (t *Tx) reset() {
	clear(t.files)
	for i := range t.content {
		t.content[i].reset()
	}
	content := t.content[:0]
	if cap(content) > maxFiles/8 {
		content = nil
	}
	*t = Tx{
		mailFrom: recycle(t.mailFrom), recipients: recycle(t.recipients), ends: t.ends[:0],
		mail: t.mail, files: t.files[:0], content: content,
	}
}

func recycle(b []byte) []byte {
	if cap(b) > keptText {
		return nil
	}
	return b[:0]
}
