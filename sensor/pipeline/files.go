package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/ftp"
	"spanwatch/decoders/app/http1"
	"spanwatch/decoders/app/smtp"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// useRules tells what a ruleset wants of parsers and records.
func (w *worker) useRules(rules *signatures.Ruleset) {
	w.apps.use(rules)
	w.magic = rules.AsksMagic()
}

// fileOf returns file i of a transaction, in the order in which parsers have
// them, and its direction; nil when there is none.
func fileOf(tx app.Tx, i int) (*file.File, decoders.Direction) {
	switch t := tx.(type) {
	case *http1.Tx:
		for _, dir := range [2]decoders.Direction{decoders.ToServer, decoders.ToClient} {
			for k := 0; ; k++ {
				x := t.File(dir, k)
				if x == nil {
					break
				}
				if i == 0 {
					return x, dir
				}
				i--
			}
		}
	case *smtp.Tx:
		if files := t.Files(); i < len(files) {
			return files[i], decoders.ToServer
		}
	case *ftp.DataTx:
		if i == 0 {
			return t.File(), t.FileDirection()
		}
	case fileCarrier:
		return t.File(i)
	}
	return nil, 0
}

// askForFiles notes on files that the rule of a match wants them kept: those of
// the match's transaction, or of all that the flow has now.
func (w *worker) askForFiles(m *signatures.Match, f *flow.Flow) {
	store := m.Sig.FileStore()
	if store == nil || w.files == nil || m.Tx == nil {
		return
	}
	ask := func(tx app.Tx) {
		for i := 0; ; i++ {
			x, dir := fileOf(tx, i)
			if x == nil {
				return
			}
			if store.Dirs == 0 || store.Dirs.Has(dir) {
				x.Ask(m.Sig.Sid())
			}
		}
	}
	if !store.Flow || f == nil || f.App == 0 {
		ask(m.Tx)
		return
	}
	for _, tx := range w.apps.at(f.App).state.Txs() {
		ask(tx)
	}
}

// keep hands a file that rules asked for to the store.
func (w *worker) keep(x *file.File) {
	if w.files == nil || x.Stored || len(x.Asked()) == 0 {
		return
	}
	if content, sum, ok := x.TakeContent(); ok {
		x.Stored = w.files.Add(sum, content)
	}
}

// fileRecords reports the files of a transaction that are complete. Rules see a
// file with packets of its own direction, and its record is made behind that: it
// says what they asked for.
func (w *worker) fileRecords(proto app.Proto, tx app.Tx, p *decoders.Packet, f *flow.Flow, dir decoders.Direction, end bool) {
	for i := 0; ; i++ {
		x, way := fileOf(tx, i)
		if x == nil {
			return
		}
		if x.Logged || !end && (way != dir || !tx.Complete(way)) {
			continue
		}
		x.Logged = true
		if x.State == file.Open {
			x.Truncate()
		}
		w.keep(x)
		if w.events.wanted[event.TypeFileInfo] {
			w.events.appText = w.appMember(f, proto, tx, false)
			w.fileRecord(x, tx.ID(), way, p, f)
		}
	}
}

// fileObject fills in what records say of a file.
func (w *worker) fileObject(e *event.FileInfo, x *file.File) {
	e.Filename, e.Gaps, e.State, e.Size = x.Name(), x.Gaps, event.FileState(x.State.String()), x.Size
	e.SIDs, e.Stored = x.Asked(), x.Stored
	if w.magic {
		if magic := x.MagicText(); len(magic) > 0 {
			e.Magic = magic
		}
	}
	e.MD5, _ = x.Hash(file.MD5)
	e.SHA1, _ = x.Hash(file.SHA1)
	e.SHA256, _ = x.Hash(file.SHA256)
	if x.Range != nil {
		e.HasRange, e.Start, e.End = true, x.Range.Start, x.Range.End
	}
}

// alertFiles renders the files that an alert's transaction has in the direction
// of its packet, as the member "files"; nothing when there are none. An alert
// about one file has that one: only, when not 0, is 1 more than its place.
func (w *worker) alertFiles(dst []byte, tx app.Tx, dir decoders.Direction, only int) []byte {
	m := &w.events
	for i, n, place := 0, 0, 0; ; i++ {
		x, way := fileOf(tx, i)
		if x == nil {
			if n > 0 {
				dst = append(dst, ']')
			}
			return dst
		}
		if way != dir {
			continue
		}
		if place++; only != 0 && place != only {
			continue
		}
		if n++; n == 1 {
			dst = append(dst, `,"files":[`...)
		} else {
			dst = append(dst, ',')
		}
		m.file = event.FileInfo{}
		w.fileObject(&m.file, x)
		m.file.HasTx, m.file.TxID = true, tx.ID()
		dst = event.AppendFileObject(dst, &m.file)
	}
}
