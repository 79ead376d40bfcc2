package ftp

import (
	"fmt"
	"net/netip"
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

// TestTransfersAreThoseOfSuricata follows the data connections that control
// connections of the conformance set agree on, and compares the ftp_data and
// fileinfo events of Suricata 8 with what came over them.
func TestTransfersAreThoseOfSuricata(t *testing.T) {
	transfers, files := 0, 0
	for _, c := range apptest.Cases(t, "ftp_data") {
		t.Run(c.Name, func(t *testing.T) {
			parser := NewDataParser()
			expected := map[string]Expectation{}
			got := map[string]*DataState{}
			expect := func(client, server netip.AddrPort) app.State {
				e, ok := expected[client.Addr().String()+" "+server.String()]
				if !ok {
					return nil
				}
				s := parser.New().(*DataState)
				s.Expect(e)
				got[fmt.Sprintf("%d-%d", client.Port(), server.Port())] = s
				return s
			}
			candidates := []app.Candidate{{Parser: NewParser(), TCPPorts: []uint16{21}}}
			apptest.ReplayExpecting(t, c.Frames, candidates, expect, func(s apptest.Step) {
				control, ok := s.Flow.State.(*State)
				if !ok {
					return
				}
				for _, e := range control.Expectations() {
					from, to := s.Flow.Client.Addr(), s.Flow.Server.Addr()
					if e.Active {
						from, to = to, from
					}
					expected[from.String()+" "+netip.AddrPortFrom(to, e.Port).String()] = e
				}
			})
			for _, want := range c.Events {
				s := got[fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])]
				if s == nil || len(s.Txs()) != 1 {
					t.Errorf("no transfer for %v", want["ftp_data"])
					continue
				}
				apptest.Fields(t, fmt.Sprint(want["src_port"]), transferOf(s.Txs()[0].(*DataTx)), want["ftp_data"].(map[string]any))
				transfers++
			}
			for _, want := range c.Files {
				if want["app_proto"] != "ftp-data" {
					continue
				}
				s := got[fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])]
				if s == nil { // the file runs to the client
					s = got[fmt.Sprintf("%v-%v", want["dest_port"], want["src_port"])]
				}
				if s == nil {
					t.Errorf("no file for %v", want["fileinfo"])
					continue
				}
				object := want["fileinfo"].(map[string]any)
				for _, key := range []string{"stored", "file_id", "tx_id", "sid"} {
					delete(object, key) // not the parser's
				}
				apptest.Fields(t, fmt.Sprint(want["src_port"]), fileOf(s.Txs()[0].(*DataTx).File()), object)
				files++
			}
		})
	}
	if transfers < 12 || files < 7 {
		t.Errorf("%d transfers and %d files were compared, too few", transfers, files)
	}
	t.Logf("%d transfers and %d files", transfers, files)
}

func transferOf(t *DataTx) map[string]any {
	e := map[string]any{"command": t.Command().String()}
	if f := t.File(); f != nil {
		e["filename"] = string(f.Name())
	}
	return e
}

func fileOf(f *file.File) map[string]any {
	e := map[string]any{"filename": string(f.Name()), "gaps": f.Gaps, "state": f.State.String(), "size": f.Size}
	for key, h := range map[string]file.Hashes{"md5": file.MD5, "sha1": file.SHA1, "sha256": file.SHA256} {
		if digits, ok := f.Hash(h); ok {
			e[key] = string(digits)
		}
	}
	return e
}
