package mime

import (
	"bytes"
	stdbase64 "encoding/base64"
	"mime/quotedprintable"
	"testing"
)

// FuzzDecoders compares with the decoders of the standard library: what their
// encoders write comes back, in one piece and in many.
func FuzzDecoders(f *testing.F) {
	f.Add([]byte("hello = world \x00\xff\r\n.\r\n"), uint8(1))
	f.Add(bytes.Repeat([]byte("long line, "), 30), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		n := int(size)%50 + 1
		text := make([]byte, stdbase64.StdEncoding.EncodedLen(len(data)))
		stdbase64.StdEncoding.Encode(text, data)
		var d decoder
		var got []byte
		for rest := text; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			var ok bool
			if got, ok = d.appendBase64(got, rest[:min(n, len(rest))]); !ok {
				t.Fatal("valid base64 is called invalid")
			}
		}
		if !bytes.Equal(got, data) || d.n != 0 {
			t.Errorf("base64 gave %q, want %q", got, data)
		}

		var encoded bytes.Buffer
		w := quotedprintable.NewWriter(&encoded)
		w.Binary = true
		w.Write(data)
		w.Close()
		d, got = decoder{}, nil
		for _, line := range bytes.SplitAfter(encoded.Bytes(), []byte("\n")) {
			text := bytes.TrimRight(line, "\r\n")
			for ok := true; ; {
				end := min(n, len(text))
				eol := line[:0]
				if end == len(text) {
					eol = line[len(bytes.TrimRight(line, "\r\n")):]
				}
				if got, ok = d.appendQuotedPrintable(got, text[:end], eol); !ok {
					t.Fatal("valid quoted-printable is called invalid")
				}
				if text = text[end:]; len(text) == 0 {
					break
				}
			}
		}
		if got = append(got, d.eol[:d.eolN]...); !bytes.Equal(got, data) {
			t.Errorf("quoted-printable gave %q, want %q", got, data)
		}
	})
}
