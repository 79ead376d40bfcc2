package keyword

import (
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// fileContent makes the Setup of filename, fileext and filemagic:
// `filename:[!]"text"`, contents of a buffer of every file, whatever the case.
func fileContent(buffer, before string, ends bool) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		text, negated, d := b.quotedBytes(o)
		if d != nil {
			return d
		}
		if len(text) == 0 {
			return b.badValue(o, o.Name+" is empty")
		}
		l, d := b.sourceByName(o, buffer)
		if d != nil {
			return d
		}
		c := &Content{Pattern: append([]byte(before), text...), NoCase: true, Negated: negated, EndsWith: ends}
		touched := b.touched
		b.addContent(l, o, c)
		b.touched = touched // no modifier may follow
		return nil
	}
}

// fileSize compares the size of a file. While it may still grow, or was cut,
// only "more than" can be said.
type fileSize struct{ want rule.Int }

func (t fileSize) MatchTx(f *TxFacts) bool {
	for i := 0; ; i++ {
		size, ok := f.Tx.Integer(f.Buffer(app.FileSize), i)
		if !ok {
			return false
		}
		closed, _ := f.Tx.Integer(f.Buffer(app.FileClosed), i)
		growing := t.want.Mode == rule.IntMore || t.want.Mode == rule.IntMoreEqual
		if (closed == 1 || growing) && t.want.Match(size) {
			return true
		}
	}
}

// setFilesize is the keyword filesize: `filesize:int[KB|MB|GB]`.
func setFilesize(b *Builder, o *rule.Option) *rule.Diagnostic {
	n, d := b.integer(o, 64)
	if d != nil {
		return d
	}
	return b.addFileTest(o, fileSize{n})
}

// anyFile asks that the transaction has a file.
type anyFile struct{}

func (anyFile) MatchTx(f *TxFacts) bool {
	_, ok := f.Tx.Integer(f.Buffer(app.FileSize), 0)
	return ok
}

func (b *Builder) addFileTest(o *rule.Option, t TxTest) *rule.Diagnostic {
	if d := b.needApps(o, fileProtos); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}

// addTxTest adds a condition on a transaction.
func (b *Builder) addTxTest(t TxTest) { b.plan.TxTests = append(b.plan.TxTests, t) }

// FileStore asks that files are kept.
type FileStore struct {
	Dirs DirectionSet // of the files
	Tx   bool         // every file of the transaction, not only the one that matched
	Flow bool         // every file of the flow
}

// setFilestore is the keyword filestore:
// `filestore[:request|response|both[,file|tx|ssn]]`.
func setFilestore(b *Builder, o *rule.Option) *rule.Diagnostic {
	store := FileStore{Dirs: b.plan.Dirs}
	args := splitList(o.Value)
	for i, arg := range args {
		switch {
		case i == 0 && (arg == "request" || arg == "to_server"):
			store.Dirs = DirToServer
		case i == 0 && (arg == "response" || arg == "to_client"):
			store.Dirs = DirToClient
		case i == 0 && arg == "both":
			store.Dirs = DirBoth
		case i == 1 && arg == "file":
		case i == 1 && arg == "tx":
			store.Tx = true
		case i == 1 && (arg == "ssn" || arg == "flow"):
			store.Flow = true
		default:
			return b.badValue(o, "unknown argument "+quoted(arg))
		}
	}
	b.plan.Meta.FileStore = &store
	return b.addFileTest(o, anyFile{})
}
