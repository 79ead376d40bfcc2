package http1

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

// seen is what a replay made of one transaction or file, as events have it.
type seen struct {
	client netip.AddrPort
	tx     uint64
	dir    decoders.Direction
	fields map[string]any
	used   bool
}

// replayed are the transactions, files and events of a capture.
type replayed struct {
	txs, files []*seen
	events     map[string]int // "client tx EVENT"
}

func configOf(options map[string]any) Config {
	c := DefaultConfig()
	const prefix = "app-layer.protocols.http.libhtp.default-config."
	if options[prefix+"double-decode-path"] == "yes" {
		c.DoubleDecodePath = true
	}
	if n, ok := options[prefix+"response-body-decompress-layer-limit"].(string); ok {
		fmt.Sscan(n, &c.DecodeLayers)
	}
	return c
}

// replay runs a capture through the parser. Transactions are recorded at the
// end of the capture: the tests are about what is known in the end.
func replay(t *testing.T, c apptest.Expected) *replayed {
	parser := NewParserWith(configOf(c.Options))
	var flows []*apptest.Flow
	apptest.Replay(t, c.Frames, []app.Candidate{{Parser: parser}}, func(s apptest.Step) {
		if !slices.Contains(flows, s.Flow) {
			flows = append(flows, s.Flow)
		}
	})
	out := &replayed{events: map[string]int{}}
	for _, f := range flows {
		for _, x := range f.State.Txs() {
			tx := x.(*Tx)
			record := recordFields(tx)
			out.txs = append(out.txs, &seen{client: f.Client, tx: tx.ID(), fields: record})
			for _, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
				for i := 0; ; i++ {
					file := tx.File(dir, i)
					if file == nil {
						break
					}
					out.files = append(out.files, &seen{client: f.Client, tx: tx.ID(), dir: dir, fields: fileFields(tx, file)})
				}
			}
			for _, e := range tx.AppendEvents(nil) {
				out.events[fmt.Sprintf("%v %d %s", f.Client, tx.ID(), strings.ToUpper(e.String()))]++
			}
		}
	}
	return out
}

func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for _, c := range b {
		if c < utf8.RuneSelf {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "\\x%02x", c)
		}
	}
	return out.String()
}

// recordFields renders a record as the http object of an event.
func recordFields(t *Tx) map[string]any {
	r := t.Record()
	o := map[string]any{"length": float64(r.Length)}
	for name, value := range map[string][]byte{
		"hostname": r.Hostname, "url": r.URL, "http_user_agent": r.UserAgent, "http_content_type": r.ContentType,
		"http_refer": r.Referer, "http_method": r.Method, "protocol": r.Protocol, "status_string": r.StatusText,
		"redirect": r.Redirect,
	} {
		if len(value) > 0 {
			o[name] = text(value)
		}
	}
	if r.Port != 0 {
		o["http_port"] = float64(r.Port)
	}
	if r.Status != 0 {
		o["status"] = float64(r.Status)
	}
	if r.Range != nil {
		c := map[string]any{"raw": text(r.Range.Raw)}
		if r.Range.Valid {
			c["start"], c["end"], c["size"] = float64(r.Range.Start), float64(r.Range.End), float64(r.Range.Size)
		}
		o["content_range"] = c
	}
	for dir, name := range map[decoders.Direction]string{decoders.ToServer: "request_headers", decoders.ToClient: "response_headers"} {
		var list []any
		for i := 0; ; i++ {
			n, v, ok := t.Header(dir, i)
			if !ok {
				break
			}
			n, _, _ = bytes.Cut(n, []byte{0}) // events end them there
			v, _, _ = bytes.Cut(v, []byte{0})
			list = append(list, map[string]any{"name": text(n), "value": text(v)})
		}
		if list != nil {
			o[name] = list
		}
	}
	return o
}

func fileFields(t *Tx, f *file.File) map[string]any {
	o := map[string]any{
		"filename": text(f.Name()), "gaps": f.Gaps, "state": f.State.String(), "size": float64(f.Size), "tx_id": float64(t.ID()),
		"magic": f.Magic(),
	}
	for name, h := range map[string]file.Hashes{"md5": file.MD5, "sha1": file.SHA1, "sha256": file.SHA256} {
		if sum, ok := f.Hash(h); ok {
			o[name] = string(sum)
		}
	}
	if f.Range != nil {
		o["start"], o["end"] = float64(f.Range.Start), float64(f.Range.End)
	}
	return o
}

// tally counts events, and of them those found, and fields, and of them those
// alike.
type tally struct{ events, found, fields, same int }

func (y *tally) String() string {
	return fmt.Sprintf("%d of %d events, %d of %d fields (%.2f %%)", y.found, y.events, y.same, y.fields, 100*float64(y.same)/float64(max(y.fields, 1)))
}

// Reasons for which cases differ that are not the parser's.
const (
	turned = "the replay of tests does not turn a flow around that was first seen from its server"
	acked  = "Suricata parses what was acknowledged, the replay of tests what came"
	depth  = "Suricata stops at the depth of reassembly, which the replay of tests does not have"
	utf    = "events leave out the value of a field that is not UTF-8; the record has it"
	order  = "the replay of tests parses the request that was pending before the response by which the protocol was found, Suricata after it"
)

var differentRecords = map[string]string{
	"alert-testmyids-midstream":          turned,
	"bug-7552__bug-7552-01":              turned,
	"detect-pcre__detect-pcre-05":        turned,
	"detect-pcre__detect-pcre-06":        turned,
	"byte-extract-01":                    order,
	"detect-bytetest-01":                 order,
	"bug-78-http-uri":                    acked,
	"bug-78-uricontent":                  acked,
	"filestore-dont":                     acked,
	"output-eve-ftp-data":                acked,
	"rule-hooks__http-body-hook-01":      depth,
	"rule-hooks__pkt-hook-flow-start-01": depth,
	"http-evader__http-evader-306":       utf,
	"http-evader__http-evader-333":       utf,
	"http-evader__http-evader-352":       utf,
}

var differentFiles = map[string]string{
	"alert-testmyids-midstream":          turned,
	"bug-7552__bug-7552-01":              turned,
	"byte-extract-01":                    order,
	"detect-bytetest-01":                 order,
	"bug-78-http-uri":                    acked,
	"bug-78-uricontent":                  acked,
	"filestore-dont":                     acked,
	"rule-hooks__http-body-hook-01":      depth,
	"rule-hooks__pkt-hook-flow-start-01": depth,
}

// judge fails a case that differs, unless it is known to, or one that is
// known to and does not.
func judge(t *testing.T, known map[string]string, name string, differences []string) {
	why, expected := known[name]
	switch {
	case expected && len(differences) == 0:
		t.Errorf("no difference any more: %s", why)
	case expected:
		t.Logf("%d differences: %s", len(differences), why)
	case len(differences) > 0:
		t.Error(strings.Join(differences, "\n"))
	}
}

func TestTransactionsAreThoseOfSuricata(t *testing.T) {
	var y tally
	for _, c := range apptest.Cases(t, "http") {
		t.Run(c.Name, func(t *testing.T) {
			got := replay(t, c)
			var differences []string
			wanted := 0
			for _, e := range c.Events {
				want := maps.Clone(e["http"].(map[string]any))
				if want["version"] == "2" || want["http2"] != nil || e["proto"] != "TCP" {
					continue
				}
				wanted++
				differences = append(differences, y.compare(got.txs, e, want, decoders.ToServer)...)
			}
			for _, g := range got.txs {
				if !g.used && wanted > 0 {
					differences = append(differences, fmt.Sprintf("unexpected transaction %d of %v: %v", g.tx, g.client, g.fields))
				}
			}
			judge(t, differentRecords, c.Name, differences)
		})
	}
	t.Log(&y)
	if y.events < 500 {
		t.Errorf("only %d events were compared", y.events)
	}
}

func TestFilesAreThoseOfSuricata(t *testing.T) {
	var y tally
	for _, c := range apptest.Cases(t, "fileinfo") {
		var events []map[string]any
		for _, e := range c.Events {
			if e["app_proto"] == "http" {
				events = append(events, e)
			}
		}
		if len(events) == 0 {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			got := replay(t, c)
			var differences []string
			for _, e := range events {
				want := maps.Clone(e["fileinfo"].(map[string]any))
				for _, name := range []string{"stored", "storing", "file_id", "sid"} {
					delete(want, name)
				}
				dir := decoders.ToServer
				for _, g := range got.txs {
					if isEnd(e, "dest", g.client) {
						dir = decoders.ToClient
					}
				}
				differences = append(differences, y.compare(got.files, e, want, dir)...)
			}
			for _, g := range got.files {
				if !g.used {
					differences = append(differences, fmt.Sprintf("unexpected file of transaction %d of %v: %v", g.tx, g.client, g.fields))
				}
			}
			judge(t, differentFiles, c.Name, differences)
		})
	}
	t.Log(&y)
	if y.events < 400 {
		t.Errorf("only %d events were compared", y.events)
	}
}

// compare finds what was seen of the event's transaction and returns the
// differences.
func (y *tally) compare(got []*seen, e, want map[string]any, dir decoders.Direction) (differences []string) {
	y.events++
	tx, ok := e["tx_id"].(float64)
	if !ok {
		tx = want["tx_id"].(float64)
	}
	var best *seen
	for _, g := range got {
		if g.used || uint64(tx) != g.tx || g.dir != dir || !isEnd(e, "src", g.client) && !isEnd(e, "dest", g.client) {
			continue
		}
		if best == nil || likeness(g.fields, want) > likeness(best.fields, want) {
			best = g
		}
	}
	if best == nil {
		return []string{fmt.Sprintf("transaction %v is missing: %v", tx, want)}
	}
	best.used = true
	y.found++
	for k := range maps.Keys(best.fields) {
		if want[k] == nil && k == "magic" { // events have it only where a rule asks for it
			continue
		}
		if want[k] == nil {
			y.fields++
			differences = append(differences, fmt.Sprintf("transaction %v: %s is %v, want none", tx, k, best.fields[k]))
		}
	}
	for k, w := range want {
		y.fields++
		if g := best.fields[k]; reflect.DeepEqual(g, w) {
			y.same++
		} else {
			differences = append(differences, fmt.Sprintf("transaction %v: %s is %v, want %v", tx, k, g, w))
		}
	}
	return differences
}

// isEnd reports whether an endpoint is the source or destination of an event.
func isEnd(e map[string]any, which string, end netip.AddrPort) bool {
	a, err := netip.ParseAddr(e[which+"_ip"].(string))
	return err == nil && a == end.Addr() && e[which+"_port"] == float64(end.Port())
}

// likeness counts the fields that are alike.
func likeness(a, b map[string]any) int {
	n := 0
	for k, v := range b {
		if reflect.DeepEqual(a[k], v) {
			n++
		}
	}
	return n
}

func TestAnomaliesAreThoseOfSuricata(t *testing.T) {
	total, same, extra := 0, 0, 0
	missing, unexpected := map[string]int{}, map[string]int{}
	for _, c := range apptest.Cases(t, "http") {
		got := replay(t, c)
		left := maps.Clone(got.events)
		done := map[string]bool{}
		for _, a := range c.Anomalies {
			anomaly := a["anomaly"].(map[string]any)
			if anomaly["app_proto"] != "http" || anomaly["layer"] != "proto_parser" {
				continue
			}
			key := ""
			for k := range got.events {
				var client string
				var tx float64
				var name string
				fmt.Sscan(k, &client, &tx, &name)
				port := float64(netip.MustParseAddrPort(client).Port())
				if name == anomaly["event"] && tx == a["tx_id"] && (port == a["src_port"] || port == a["dest_port"]) {
					key = k
				}
			}
			id := fmt.Sprint(a["src_port"], a["dest_port"], a["tx_id"], anomaly["event"])
			if done[id] {
				continue // Suricata repeats some
			}
			done[id] = true
			total++
			if key == "" {
				missing[anomaly["event"].(string)]++
				t.Logf("%s: missing %v of transaction %v", c.Name, anomaly["event"], a["tx_id"])
				continue
			}
			delete(left, key)
			same++
		}
		for k := range left {
			extra++
			name := k[strings.LastIndexByte(k, ' ')+1:]
			unexpected[name]++
			t.Logf("%s: unexpected %s", c.Name, k)
		}
	}
	t.Logf("%d of %d anomalies, %d more", same, total, extra)
	for what, m := range map[string]map[string]int{"missing": missing, "unexpected": unexpected} {
		for _, name := range slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Compare(m[b], m[a]) }) {
			t.Logf("%s %s: %d", what, name, m[name])
		}
	}
	if total < 100 {
		t.Errorf("only %d anomalies were compared", total)
	}
}
