package app

import (
	"strings"
	"testing"

	"spanwatch/decoders"
)

// due returns the bytes of each kind that rules would look at, and looks.
func due(l *FrameLog, dir decoders.Direction) map[FrameKind]string {
	got := map[FrameKind]string{}
	for i := range l.Frames(dir) {
		if data, _, _, ok := l.Due(dir, &l.Frames(dir)[i]); ok {
			got[l.Frames(dir)[i].Kind] += string(data)
		}
	}
	l.Looked(dir)
	return got
}

func TestFramesAreShownOnceTheirBytesHaveCome(t *testing.T) {
	const line, message FrameKind = 1, 2
	var l FrameLog
	l.Begin(Input{Data: []byte("HELO\r\nMA")}, 0)
	l.Mark(0, line, 0, 6)
	l.Mark(0, message, 6, 8) // more than has come
	got := due(&l, 0)
	if got[line] != "HELO\r\n" || got[FrameStream] != "HELO\r\nMA" {
		t.Errorf("at first: %q", got)
	}
	if _, shown := got[message]; shown {
		t.Error("a frame was shown before its end had come")
	}
	l.Begin(Input{Data: []byte("MAIL X\r\n")}, 6) // what was not consumed comes again
	if got = due(&l, 0); got[message] != "MAIL X\r\n" {
		t.Errorf("when the rest has come: %q", got)
	}
	if got = due(&l, 0); len(got) != 0 {
		t.Errorf("shown again: %q", got)
	}
	l.Begin(Input{Data: []byte("QUIT"), Dir: 1}, 0)
	if got = due(&l, 0); len(got) != 0 {
		t.Errorf("of the other direction: %q", got)
	}
}

func TestAFrameMayEndLater(t *testing.T) {
	var l FrameLog
	l.Begin(Input{Data: []byte("abc")}, 0)
	id := l.Mark(0, 1, 1, -1)
	if got := due(&l, 0)[1]; got != "bc" {
		t.Errorf("open: %q", got)
	}
	l.Begin(Input{Data: []byte("def")}, 3)
	l.End(0, id, 1)
	l.SetTx(0, id, 7)
	frames := l.Frames(0)
	if f := frames[len(frames)-1]; f.Len != 3 || !f.HasTx || f.TxID != 7 {
		t.Errorf("ended: %+v", f)
	}
	if got := due(&l, 0)[1]; got != "bcd" {
		t.Errorf("ended: %q", got)
	}
}

func TestDatagramsAreFramesOfTheirOwn(t *testing.T) {
	var l FrameLog
	for _, text := range []string{"first", "second"} {
		l.Begin(Input{Data: []byte(text), Datagram: true}, 0)
		l.Mark(0, 1, 0, len(text))
		if got := due(&l, 0); len(got) != 1 || got[1] != text {
			t.Errorf("got %q, want %q alone", got, text)
		}
	}
}

func TestFrameLogsAreBounded(t *testing.T) {
	var l FrameLog
	piece := []byte(strings.Repeat("x", 60_000))
	for i := range uint64(200) {
		l.Begin(Input{Data: piece}, i*uint64(len(piece)))
		l.Mark(0, 1, 0, 1<<30) // never ends
		if n := len(l.sides[0].data); n > maxFrameBytes {
			t.Fatalf("%d bytes are kept", n)
		}
		l.Looked(0)
	}
	if n := len(l.Frames(0)); n > maxFrames {
		t.Errorf("%d frames are kept", n)
	}
	l.Reset()
	if len(l.Frames(0)) != 0 || cap(l.sides[0].data) > frameTail {
		t.Error("a reset log keeps what it had")
	}
	var none *FrameLog
	none.End(0, none.Mark(0, 1, 0, 1), 1) // a state without a log marks nothing
}
