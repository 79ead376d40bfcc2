package keyword

import (
	"bytes"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// ftpBounce asks whether PORT or EPRT names another address than the client's.
type ftpBounce struct{}

func (ftpBounce) MatchTx(f *TxFacts) bool {
	address, ok := f.Tx.Buffer(app.FTPPortAddress, 0)
	if !ok {
		return false
	}
	p := f.Facts.Packet
	client := &p.Src
	if f.Dir != 0 {
		client = &p.Dst
	}
	own, ok := addressBytes(p, client)
	return ok && !bytes.Equal(address, own)
}

// setFTPBounce is the keyword ftpbounce.
func setFTPBounce(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.needApps(o, Protos(app.ProtoFTP)); d != nil {
		return d
	}
	if d := b.narrow(o, DirToServer); d != nil {
		return d
	}
	b.addTxTest(ftpBounce{})
	return nil
}

// ftpModes, ftpAnswers and ftpDataCommands are the words of keywords that
// compare a number.
var (
	ftpModes        = map[string]uint64{"active": 1, "passive": 2}
	ftpAnswers      = map[string]uint64{"yes": 1, "true": 1, "on": 1, "1": 1, "no": 0, "false": 0, "off": 0, "0": 0}
	ftpDataCommands = map[string]uint64{"retr": 5, "stor": 6} // as package ftp numbers its commands
)

// setReplyReceived is the keyword ftp.reply_received, which is about what the
// server sends.
func setReplyReceived(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.narrow(o, DirToClient); d != nil {
		return d
	}
	return txWord(app.ProtoFTP, app.FTPReplyReceived, ftpAnswers)(b, o)
}

// txWord makes the Setup of a keyword whose values are words.
func txWord(proto app.Proto, buffer app.Buffer, words map[string]uint64) func(*Builder, *rule.Option) *rule.Diagnostic {
	field := &txField{proto: proto, buffer: buffer, bits: 64, names: words}
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		if d := b.needApps(o, Protos(proto)); d != nil {
			return d
		}
		return b.addTxNumber(o, field)
	}
}
