package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
)

// buffer is one that rules look into, and what captures had in it.
type buffer struct {
	keyword string // sticky buffer; empty is the payload
	proto   string // of the rule's header
	kind    string // event type and member of the record that shows the buffer
	member  string
	samples [][]byte
}

// addressBuffer is not a buffer: its samples are addresses, for lists of them.
const addressBuffer = "ip"

// maxSamples of one buffer, the first that differ, are enough to make rules of.
const maxSamples = 400

// buffers are those whose bytes are seen in records, and payloads.
func buffers() []*buffer {
	return []*buffer{
		{proto: "tcp"}, {proto: "udp"}, {proto: "tcp-pkt"}, {proto: "tcp-stream"},
		{keyword: "http.uri", proto: "http", kind: "http", member: "url"},
		{keyword: "http.uri.raw", proto: "http", kind: "http", member: "url"},
		{keyword: "http.host", proto: "http", kind: "http", member: "hostname"},
		{keyword: "http.user_agent", proto: "http", kind: "http", member: "http_user_agent"},
		{keyword: "http.method", proto: "http", kind: "http", member: "http_method"},
		{keyword: "http.content_type", proto: "http", kind: "http", member: "http_content_type"},
		{keyword: "http.stat_code", proto: "http", kind: "http", member: "status"},
		{keyword: "http.header", proto: "http", kind: "http", member: "request_headers"},
		{keyword: "http.header", proto: "http", kind: "http", member: "response_headers"},
		{keyword: "http.header.raw", proto: "http", kind: "http", member: "request_headers"},
		{keyword: "http.request_header", proto: "http", kind: "http", member: "request_headers"},
		{keyword: "http.response_header", proto: "http", kind: "http", member: "response_headers"},
		{keyword: "http.request_line", proto: "http", kind: "http", member: "url"},
		{keyword: "dns.query", proto: "dns", kind: "dns", member: "rrname"},
		{keyword: "dns.queries.rrname", proto: "dns", kind: "dns", member: "rrname"},
		{keyword: "tls.sni", proto: "tls", kind: "tls", member: "sni"},
		{keyword: "tls.cert_subject", proto: "tls", kind: "tls", member: "subject"},
		{keyword: "tls.cert_issuer", proto: "tls", kind: "tls", member: "issuerdn"},
		{keyword: "tls.cert_serial", proto: "tls", kind: "tls", member: "serial"},
		{keyword: "tls.version", proto: "tls", kind: "tls", member: "version"},
		{keyword: "ssh.software", proto: "ssh", kind: "ssh", member: "software_version"},
		{keyword: "smtp.helo", proto: "smtp", kind: "smtp", member: "helo"},
		{keyword: "smtp.mail_from", proto: "smtp", kind: "smtp", member: "mail_from"},
		{keyword: "ftp.command", proto: "ftp", kind: "ftp", member: "command"},
		{keyword: "file.name", proto: "http", kind: "fileinfo", member: "filename"},
		{keyword: addressBuffer},
		{keyword: "file.data", proto: "http"}, {keyword: "http.response_body", proto: "http"}, {keyword: "http.request_body", proto: "http"},
	}
}

// harvest fills the samples of buffers from captures: payloads from packets,
// the others from our own records.
func harvest(ctx context.Context, all []*buffer, captures []string, sets []string) error {
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	none := filepath.Join(dir, "none.rules")
	if err := os.WriteFile(none, nil, 0o644); err != nil {
		return err
	}
	s, err := loadOurs(sets, nil, none)
	if err != nil {
		return err
	}
	found := map[*buffer]map[string]bool{}
	take := func(b *buffer, sample []byte) {
		if found[b] == nil {
			found[b] = map[string]bool{}
		}
		if len(sample) > 0 && len(b.samples) < maxSamples && !found[b][string(sample)] {
			found[b][string(sample)] = true
			b.samples = append(b.samples, append([]byte(nil), sample...))
		}
	}
	for _, path := range captures {
		if err := s.run(ctx, path, dir); err != nil {
			fmt.Fprintln(os.Stderr, "diffsuricata:", err) // what lies before the fault has samples too
		}
		saw := newSighting()
		if err := saw.read(0, filepath.Join(dir, "eve.json")); err != nil {
			return err
		}
		for _, byKind := range saw.records {
			for _, b := range all {
				if b.keyword == addressBuffer {
					for _, events := range byKind {
						for _, event := range events {
							take(b, []byte(text(event, "src_ip")))
							take(b, []byte(text(event, "dest_ip")))
						}
					}
				}
				for _, event := range byKind[b.kind] {
					members(event[b.kind], b.member, func(sample string) { take(b, []byte(sample)) })
				}
			}
		}
		err := payloads(path, func(proto uint8, data []byte) {
			for _, b := range all {
				switch {
				case b.keyword == "" && (b.proto == "udp") == (proto == decoders.ProtoUDP):
					take(b, data)
				case b.kind == "" && b.keyword != "" && b.keyword != addressBuffer && proto == decoders.ProtoTCP:
					if i := strings.Index(string(data), "\r\n\r\n"); i > 0 && len(data) > i+4 {
						take(b, data[i+4:])
					}
				}
			}
		})
		if err != nil && !errors.Is(err, capture.ErrMalformed) && !errors.Is(err, capture.ErrTruncated) {
			return err
		}
	}
	return nil
}

// members calls take with every text called name in a record; of header lists
// with the lines that they stand for.
func members(v any, name string, take func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if key != name {
				members(member, name, take)
				continue
			}
			switch m := member.(type) {
			case string:
				take(m)
			case []any:
				var lines strings.Builder
				for _, h := range m {
					header, _ := h.(map[string]any)
					lines.WriteString(text(header, "name") + ": " + text(header, "value") + "\r\n")
				}
				take(lines.String())
			}
		}
	case []any:
		for _, member := range v {
			members(member, name, take)
		}
	}
}

// payloads calls f with each TCP and UDP payload of a capture.
func payloads(path string, f func(proto uint8, data []byte)) error {
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return err
	}
	defer source.Close()
	decoder, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		return err
	}
	var batch capture.Batch
	for {
		err := source.Next(&batch)
		for i := range batch.Frames {
			var p decoders.Packet
			decoder.Decode(&batch.Frames[i], &p)
			if p.Proto == decoders.ProtoTCP || p.Proto == decoders.ProtoUDP {
				f(p.Proto, p.Payload())
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
