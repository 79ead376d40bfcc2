package smtp

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mime"
)

// TestRecordsAreThoseOfSuricata compares every smtp and fileinfo event of mail
// that Suricata 8 made in the conformance set with the record of the same
// mail, field by field, and the events (anomalies) of these mails.
func TestRecordsAreThoseOfSuricata(t *testing.T) {
	total, same, mails, files := 0, 0, 0, 0
	count := func(n, k int) { total, same = total+n, same+k }
	fileEvents := map[string][]map[string]any{}
	for _, c := range apptest.Cases(t, "fileinfo") {
		for _, e := range c.Events {
			if e["app_proto"] == "smtp" {
				fileEvents[c.Name] = append(fileEvents[c.Name], e)
			}
		}
	}
	for _, c := range apptest.Cases(t, "smtp") {
		t.Run(c.Name, func(t *testing.T) {
			config := DefaultConfig()
			if c.Options["app-layer.protocols.smtp.raw-extraction"] == "yes" {
				config.RawExtraction = true
			}
			got := mailsOf(t, c, config)
			for _, want := range c.Events {
				key := fmt.Sprintf("%v/%v", want["src_port"], want["tx_id"])
				tx := got[key]
				if tx == nil {
					t.Errorf("no mail %s", key)
					continue
				}
				mails++
				count(apptest.Fields(t, key+" smtp", smtpOf(tx), object(want["smtp"])))
				count(apptest.Fields(t, key+" email", emailOf(tx), object(want["email"])))
				compareEvents(t, c, want, tx)
				delete(got, key)
			}
			for key := range got {
				t.Errorf("mail %s was not expected", key)
			}
			for _, want := range fileEvents[c.Name] {
				files++
				if size, cut := longLines[c.Name]; cut {
					count(compareCut(t, mailsOf(t, c, config), want, size))
					continue
				}
				count(compareFile(t, mailsOf(t, c, config), want))
			}
		})
	}
	if mails < 20 || files < 10 || total < 200 {
		t.Errorf("%d mails and %d files with %d fields were compared, too few", mails, files, total)
	}
	t.Logf("%d of %d fields (%.1f %%) of %d mails and %d files are the same",
		same, total, 100*float64(same)/float64(total), mails, files)
}

// longLines has cases where Suricata reports another file than was sent: of an
// encoded line of 5,068 bytes it loses 68 decoded ones. The size is that of the
// attachment in full; detect-email-x-mailer has the same one in short lines, with
// the hashes that are wanted.
var longLines = map[string]uint64{"from_base64-04": 10451, "smtp-long-DATA-line-02-frames": 10451}

// compareCut counts equal fields of such a file; its size must be that of the
// attachment in full.
func compareCut(t *testing.T, mails map[string]*Tx, event map[string]any, size uint64) (total, same int) {
	want := fileInfo(event)
	for _, tx := range mails {
		for _, f := range tx.Files() {
			if f.Size != size {
				t.Errorf("%s has %d bytes, want %d", f.Name(), f.Size, size)
			}
			for k, v := range fileOf(f) {
				total++
				if fmt.Sprint(v) == fmt.Sprint(want[k]) {
					same++
				}
			}
		}
	}
	return total, same
}

// fileInfo returns the part of a fileinfo event that parsers answer for.
func fileInfo(event map[string]any) map[string]any {
	want := object(event["fileinfo"])
	for _, unrelated := range []string{"stored", "sid", "file_id", "tx_id"} {
		delete(want, unrelated)
	}
	return want
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func mailsOf(t *testing.T, c apptest.Expected, config Config) map[string]*Tx {
	got := map[string]*Tx{}
	candidates := []app.Candidate{{Parser: NewParserWith(config), TCPPorts: []uint16{25, 465}}}
	apptest.Replay(t, c.Frames, candidates, func(s apptest.Step) {
		for _, tx := range s.Flow.State.Txs() {
			got[fmt.Sprintf("%d/%d", s.Flow.Client.Port(), tx.ID())] = tx.(*Tx)
		}
	})
	return got
}

func smtpOf(tx *Tx) map[string]any {
	e := map[string]any{}
	if helo := tx.Helo(); len(helo) > 0 {
		e["helo"] = string(helo)
	}
	if from, ok := tx.MailFrom(); ok {
		e["mail_from"] = string(from)
	}
	var to []string
	for i := range tx.Recipients() {
		to = append(to, string(tx.Recipient(i)))
	}
	if to != nil {
		e["rcpt_to"] = to
	}
	return e
}

// emailOf renders a mail as the email object of EVE.
func emailOf(tx *Tx) map[string]any {
	m := tx.Email()
	if m == nil {
		return nil
	}
	e := map[string]any{"status": "PARSE_DONE"}
	if m.HeaderDone() {
		for f := mime.From; f < mime.FieldCount; f++ {
			value, ok := m.Field(f, 0)
			if !ok {
				continue
			}
			name := strings.ReplaceAll(f.String(), "-", "_")
			switch f {
			case mime.To, mime.Cc, mime.Bcc:
				var list []string
				for a, rest, ok := mime.NextAddress(value); ok; a, rest, ok = mime.NextAddress(rest) {
					list = append(list, string(a))
				}
				e[name] = list
			case mime.Received:
				var list []string
				for i := 0; ok; i++ {
					list = append(list, string(value))
					value, ok = m.Field(f, i+1)
				}
				e[name] = list
			default:
				e[name] = string(value)
			}
			if f == mime.Subject {
				sum := md5.Sum(value)
				e["subject_md5"] = hex.EncodeToString(sum[:])
			}
		}
	}
	var names, urls []string
	for i := 0; ; i++ {
		name, ok := m.Attachment(i)
		if !ok {
			break
		}
		names = append(names, string(name))
	}
	if names != nil {
		e["attachment"] = names
	}
	for i := m.URLs() - 1; i >= 0; i-- { // Suricata writes the last first
		url, _ := m.URL(i)
		urls = append(urls, string(url))
	}
	if urls != nil {
		e["url"] = urls
	}
	return e
}

// compareEvents looks for the anomalies of a mail among its events.
func compareEvents(t *testing.T, c apptest.Expected, mail map[string]any, tx *Tx) {
	want := map[string]bool{}
	for _, a := range c.Anomalies {
		what := object(a["anomaly"])
		if what["app_proto"] == "smtp" && what["layer"] == "proto_parser" && a["tx_id"] == mail["tx_id"] {
			want[strings.ToLower(what["event"].(string))] = true
		}
	}
	for _, e := range tx.AppendEvents(nil) {
		if !want[e.String()] {
			t.Errorf("tx %d: unexpected event %v", tx.ID(), e)
		}
		delete(want, e.String())
	}
	for name := range want {
		t.Errorf("tx %d: no event %s", tx.ID(), name)
	}
}

func compareFile(t *testing.T, mails map[string]*Tx, event map[string]any) (total, same int) {
	want := fileInfo(event)
	for _, tx := range mails {
		for _, f := range tx.Files() {
			if string(f.Name()) == want["filename"] {
				return apptest.Fields(t, "file "+string(f.Name()), fileOf(f), want)
			}
		}
	}
	t.Errorf("no file %v", want["filename"])
	return len(want), 0
}

func fileOf(f *file.File) map[string]any {
	e := map[string]any{"filename": string(f.Name()), "gaps": f.Gaps, "state": f.State.String(), "size": f.Size}
	for name, h := range map[string]file.Hashes{"md5": file.MD5, "sha1": file.SHA1, "sha256": file.SHA256} {
		if digits, ok := f.Hash(h); ok {
			e[name] = string(digits)
		}
	}
	return e
}
