package quic

import (
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventFailedDecrypt = app.FirstEvent + app.Event(app.ProtoQUIC)*app.EventsPerProtocol + iota
	EventErrorOnData
	EventErrorOnHeader
	EventCryptoFragTooLong
)

var _ = app.NameEvents(app.ProtoQUIC, "failed_decrypt", "error_on_data", "error_on_header", "crypto_frag_too_long")

const (
	keptText   = 8 << 10 // of each kind of memory, for the next packet
	keptValues = 256
)

// Tx is one packet with a long header, or with Google's and a version. It
// implements app.Tx.
type Tx struct {
	app.Message
	header  header // its dcid is not kept
	version [4]byte
	text    []byte // what spans are parts of
	sni, ua span
	hasSNI  bool
	hasUA   bool
	cyu     []print // of Google's handshake

	// Of a hello in the packet.
	extensions []extension
	values     []span
	ja3        print // JA3S of a server
	ja4        span

	events app.EventSet
}

// print is a fingerprint: what it is made of, and its hash.
type print struct{ text, hash span }

// extension is one of a hello with its values, some of Tx.values.
type extension struct {
	kind       uint16
	first, end int
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	old := *t
	*t = Tx{text: reuse(old.text, keptText), cyu: reuse(old.cyu, keptValues), extensions: reuse(old.extensions, keptValues), values: reuse(old.values, keptValues)}
	t.Begin(id)
}

func reuse[T any](s []T, limit int) []T {
	if cap(s) > limit {
		return nil
	}
	return s[:0]
}

// fail leaves of the packet nothing but its version and an event.
func (t *Tx) fail(e app.Event) {
	t.sni, t.ua, t.hasSNI, t.hasUA = span{}, span{}, false, false
	t.cyu, t.extensions, t.values = t.cyu[:0], t.extensions[:0], t.values[:0]
	t.ja3, t.ja4, t.text = print{}, span{}, t.text[:0]
	t.events.Add(e)
}

// keep copies some bytes; an empty span when there are too many already.
func (t *Tx) keep(b []byte) span {
	if len(t.text)+len(b) > maxText {
		return span{}
	}
	start := len(t.text)
	t.text = append(t.text, b...)
	return span{uint32(start), uint32(len(t.text))}
}

func (t *Tx) get(s span) []byte { return t.text[s.start:s.end:s.end] }

// value adds a value to the extension that is being read.
func (t *Tx) value(b []byte) {
	if len(t.values) < maxNumbers {
		t.values = append(t.values, t.keep(b))
	}
}

// formatted adds a value that is put together.
func (t *Tx) formatted(appendTo func([]byte) []byte) {
	if len(t.values) == maxNumbers {
		return
	}
	start := len(t.text)
	t.text = appendTo(t.text)
	t.values = append(t.values, span{uint32(start), uint32(len(t.text))})
}

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoQUIC, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoQUIC, dst) }
