package ber

import (
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
)

func TestLengthTellsWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes string
		tag   Tag
		whole int
		err   error
	}{
		{"nothing", "", 0, 0, ErrShort},
		{"a tag alone", "\x30", Sequence, 0, ErrShort},
		{"a short length", "\x30\x05", Sequence, 7, nil},
		{"a long length", "\x30\x82\x01\x00", Sequence, 260, nil},
		{"a long length that is cut", "\x30\x82\x01", Sequence, 0, ErrShort},
		{"a length of more than four bytes", "\x30\x85\x01\x00\x00\x00\x00", Sequence, 0, ErrMalformed},
		{"an indefinite length", "\x30\x80", Sequence, 0, ErrMalformed},
		{"a tag of several bytes", "\x7f\x81\x01", 0x7f, 0, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			tag, whole, err := Length([]byte(c.bytes))
			if tag != c.tag || whole != c.whole && err == nil || !errors.Is(err, c.err) {
				t.Errorf("tag %x, %d bytes, %v; want %x, %d, %v", tag, whole, err, c.tag, c.whole, c.err)
			}
		})
	}
}

func TestTagsHaveClassAndNumber(t *testing.T) {
	for _, c := range []struct {
		tag         Tag
		first       byte
		application bool
		context     bool
		constructed bool
	}{
		{Context(7), 0x87, false, true, false}, {In(3), 0xa3, false, true, true},
		{Application(10), 0x4a, true, false, false}, {ApplicationOf(30), 0x7e, true, false, true}, {Sequence, 0x30, false, false, true},
	} {
		if byte(c.tag) != c.first || c.tag.IsApplication() != c.application || c.tag.IsContext() != c.context || c.tag.Constructed() != c.constructed {
			t.Errorf("tag %x, want %x", byte(c.tag), c.first)
		}
	}
}

func TestAReaderWalksAMessage(t *testing.T) {
	message := []byte("\x30\x12\x02\x01\x05\x60\x0d\x02\x01\x03\x04\x02me\x80\x04pass")
	r := Read(message)
	in := r.In(Sequence)
	if id := in.Int(Integer); id != 5 {
		t.Errorf("id %d", id)
	}
	op := in.In(ApplicationOf(0))
	version, name := op.Int(Integer), op.Take(OctetString)
	if _, ok := op.Optional(In(3)); ok {
		t.Error("finds a value that is not there")
	}
	pass, ok := op.Optional(Context(0))
	if version != 3 || string(name) != "me" || !ok || string(pass) != "pass" || op.Bad() || !op.Done() || !in.Done() || !r.Done() {
		t.Errorf("version %d, name %q, password %q, bad %v", version, name, pass, op.Bad())
	}
}

func TestAReaderStaysBad(t *testing.T) {
	r := Read([]byte("\x02\x01\x05\x04\x09short"))
	if r.Int(Integer) != 5 || r.Bad() {
		t.Fatal("a good value is bad")
	}
	if r.Take(OctetString) != nil || !r.Bad() || !r.Done() {
		t.Error("a value that is cut is good")
	}
	if in := r.In(Sequence); !in.Bad() {
		t.Error("a reader of what is not there is good")
	}
	r = Read([]byte("\x02\x01\x05"))
	if r.Take(OctetString) != nil || !r.Bad() {
		t.Error("a value of another kind is taken")
	}
	if r = Read([]byte("\x02\x00")); r.Int(Integer) != 0 || !r.Bad() {
		t.Error("a number without bytes is good")
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		body string
		i    int64
		iOK  bool
		u    uint64
		uOK  bool
	}{
		{"", 0, false, 0, false},
		{"\x00", 0, true, 0, true},
		{"\x7f", 127, true, 127, true},
		{"\xff", -1, true, 0, false},
		{"\x00\xff", 255, true, 255, true},
		{"\x80\x00\x00\x00\x00\x00\x00\x00", -1 << 63, true, 0, false},
		{"\x00\xff\xff\xff\xff\xff\xff\xff\xff", 0, false, 1<<64 - 1, true},
		{"\x01\xff\xff\xff\xff\xff\xff\xff\xff", 0, false, 0, false},
	} {
		if i, ok := Int([]byte(c.body)); i != c.i || ok != c.iOK {
			t.Errorf("Int(%x) = %d %v", c.body, i, ok)
		}
		if u, ok := Uint([]byte(c.body)); u != c.u || ok != c.uOK {
			t.Errorf("Uint(%x) = %d %v", c.body, u, ok)
		}
	}
}

func TestObjectIdentifiersAreThoseOfTheLibrary(t *testing.T) {
	for _, id := range []asn1.ObjectIdentifier{{0, 9, 2342}, {1, 3, 6, 1, 4, 1, 1466, 20037}, {2, 5, 4, 3}, {2, 999, 1 << 30}, {1, 39}} {
		der, err := asn1.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		r := Read(der)
		got, ok := AppendOID([]byte("x"), r.Take(OID))
		if want := "x" + id.String(); !ok || string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, bad := range []string{"", "\x81", "\x2a\x86", "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"} {
		if got, ok := AppendOID([]byte("x"), []byte(bad)); ok || string(got) != "x" {
			t.Errorf("%x is read as %s", bad, got)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("\x30\x12\x02\x01\x05\x60\x0d\x02\x01\x03\x04\x02me\x80\x04pass"))
	f.Add([]byte("\x30\x82\x01\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, whole, err := Length(data)
		_, body, rest, nextErr := Next(data)
		switch {
		case err != nil && !errors.Is(nextErr, err):
			t.Fatalf("Length says %v, Next %v", err, nextErr)
		case err == nil && (nextErr == nil) != (whole <= len(data)):
			t.Fatalf("of %d bytes, %d are here: %v", whole, len(data), nextErr)
		case nextErr == nil && (len(body) > len(data) || whole+len(rest) != len(data) || !slices.Equal(rest, data[whole:])):
			t.Fatalf("%d bytes of body and %d after %d of %d", len(body), len(rest), whole, len(data))
		}
		r := Read(data)
		for n := 0; !r.Done(); n++ {
			if r.Any(); n > len(data) {
				t.Fatal("reads more values than there are bytes")
			}
		}
		AppendOID(nil, data)
	})
}
