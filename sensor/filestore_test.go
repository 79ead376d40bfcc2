package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture/capturetest"
)

// downloads writes a capture of one session of HTTP in which each of bodies is
// answered with.
func downloads(t *testing.T, bodies ...string) string {
	t.Helper()
	var frames []decoders.Frame
	next := [2]uint32{100, 500}
	send := func(dir decoders.Direction, flags uint8, data string) {
		ip, tcp := dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}, dt.TCP{Src: 40000, Dst: 80}
		if dir == decoders.ToClient {
			ip.Src, ip.Dst, tcp.Src, tcp.Dst = ip.Dst, ip.Src, tcp.Dst, tcp.Src
		}
		tcp.Seq, tcp.Ack, tcp.Flags = next[dir], next[dir.Opposite()], flags
		b := dt.Build(dt.Ether{}, ip, tcp, dt.Bytes(data))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(len(frames)+1) * 1e6, WireLen: uint32(len(b))})
		next[dir] += uint32(len(data))
		if flags&(decoders.TCPSyn|decoders.TCPFin) != 0 {
			next[dir]++
		}
	}
	send(decoders.ToServer, decoders.TCPSyn, "")
	send(decoders.ToClient, decoders.TCPSyn|decoders.TCPAck, "")
	for i, body := range bodies {
		send(decoders.ToServer, decoders.TCPAck, fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i))
		text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		for len(text) > 0 {
			n := min(1400, len(text))
			send(decoders.ToClient, decoders.TCPAck, text[:n])
			text = text[n:]
		}
	}
	send(decoders.ToServer, decoders.TCPAck|decoders.TCPFin, "")
	send(decoders.ToClient, decoders.TCPAck|decoders.TCPFin, "")
	send(decoders.ToServer, decoders.TCPAck, "")
	path := filepath.Join(t.TempDir(), "downloads.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	return path
}

// kept are the files under a folder by their path in it.
func kept(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReplayKeepsTheFilesThatRulesAskFor: those that filestore names, byte for
// byte, once each and within the bounds; their records say so.
func TestReplayKeepsTheFilesThatRulesAskFor(t *testing.T) {
	wanted, other := "MZ this one "+strings.Repeat("0123456789", 500), "an ordinary file"
	large := "MZ too large " + strings.Repeat("x", 20000)
	capture := downloads(t, wanted, other, wanted, large)
	rules := filepath.Join(t.TempDir(), "test.rules")
	if err := os.WriteFile(rules, []byte(`alert http any any -> any any (msg:"executable"; flow:to_client; file.data; content:"MZ"; startswith; filestore; sid:1;)`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := func(body string) string {
		sum := sha256.Sum256([]byte(body))
		text := hex.EncodeToString(sum[:])
		return filepath.Join(text[:2], text)
	}
	for _, tt := range []struct {
		name     string
		settings []string
		want     []string // bodies
		said     string
	}{
		{"all of them", nil, []string{wanted, large}, ""},
		{"none that is too large", []string{"file-store.max-file=10000"}, []string{wanted}, "1 were too large"},
		{"no more than there may be", []string{"file-store.max-files=1"}, []string{wanted}, "1 files were not kept"},
		{"no more bytes than there may be", []string{"file-store.max-size=6000"}, []string{wanted}, "1 files were not kept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"replay", capture, "-r", rules, "-o", dir, "--set", "file-store.enabled=true"}
			for _, s := range tt.settings {
				args = append(args, "--set", s)
			}
			status, _, stderr := spanwatch(t, args...)
			if status != exitOK || !strings.Contains(stderr, tt.said) {
				t.Fatalf("exit status %d\n%s", status, stderr)
			}
			files := kept(t, filepath.Join(dir, "filestore"))
			for _, body := range tt.want {
				if !bytes.Equal(files[name(body)], []byte(body)) {
					t.Errorf("%s has %d bytes of %d", name(body), len(files[name(body)]), len(body))
				}
			}
			if len(files) != len(tt.want) {
				t.Errorf("%d files are kept, want %d", len(files), len(tt.want))
			}
		})
	}
	dir := t.TempDir()
	spanwatch(t, "replay", capture, "-r", rules, "-o", dir, "--set", "file-store.enabled=true")
	text, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string][]bool{}
	for line := range bytes.Lines(text) {
		var e struct {
			Type     string `json:"event_type"`
			FileInfo struct {
				SHA256 string
				Stored bool
			}
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "fileinfo" {
			stored[e.FileInfo.SHA256] = append(stored[e.FileInfo.SHA256], e.FileInfo.Stored)
		}
	}
	for body, want := range map[string][]bool{wanted: {true, true}, large: {true}, other: {false}} {
		if got := stored[filepath.Base(name(body))]; !slices.Equal(got, want) {
			t.Errorf("records of %.12q say stored %v, want %v", body, got, want)
		}
	}
}
