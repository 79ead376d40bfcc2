package smtp

import (
	"bytes"
	stdbase64 "encoding/base64"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// BenchmarkMail parses a mail with an attachment of 96 KiB in segments of
// 1,460 bytes; bytes are those of the mail as sent.
func BenchmarkMail(b *testing.B) {
	var mail bytes.Buffer
	for _, m := range talk(mailTo...) {
		if m.Dir == 0 {
			mail.Write(m.Data)
		}
	}
	mail.WriteString("Subject: bench\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := stdbase64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0123456789abcdef"), 6<<10))
	for ; len(text) > 76; text = text[76:] {
		mail.WriteString(text[:76] + "\r\n")
	}
	mail.WriteString(text + "\r\n.\r\n")
	for _, c := range []struct {
		name   string
		hashes file.Hashes
	}{{"without hashes", 0}, {"md5", file.MD5}, {"all hashes", file.AllHashes}} {
		b.Run(c.name, func(b *testing.B) {
			config := DefaultConfig()
			config.Hashes = c.hashes
			state := NewParserWith(config).New()
			b.SetBytes(int64(mail.Len()))
			b.ReportAllocs()
			for b.Loop() {
				consumed := 0
				for end := 1460; consumed < mail.Len(); end += 1460 {
					end = min(end, mail.Len())
					consumed += state.Parse(app.Input{Data: mail.Bytes()[consumed:end]}).Consumed
					tx := state.Txs()[0].(*Tx)
					tx.Stream(app.FileData, 0)
					tx.Inspected(decoders.ToServer)
				}
				if len(state.Txs()) != 1 || !state.Txs()[0].Complete(0) {
					b.Fatal("the mail is not complete")
				}
				state.Reset()
			}
		})
	}
}
