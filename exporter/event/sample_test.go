package event_test

import (
	"bytes"
	"net/netip"

	"spanwatch/exporter/event"
)

// at is 2026-01-02T15:04:05.123456789Z.
const at = int64(1767366245_123456789)

func addr(s string) event.Addr {
	ip := netip.MustParseAddr(s)
	if ip.Is4() {
		var a event.Addr
		b := ip.As4()
		copy(a[:], b[:])
		return a
	}
	return ip.As16()
}

// fullEnvelope has every member set that any event type may carry.
func fullEnvelope() event.Envelope {
	return event.Envelope{
		Time: at, Packet: 12, Index: 3, FlowID: 1<<51 - 1, ParentID: 77, PcapCnt: 12,
		Interface: "eth0", VLANs: [3]uint16{10, 20, 4094}, VLANCount: 3,
		IPVersion: 4, Src: addr("192.0.2.1"), Dst: addr("198.51.100.22"), SrcPort: 49152, DstPort: 443, Proto: 6,
		HasICMP: true, ICMPType: 8, ICMPCode: 1, HasICMPResponse: true, ICMPResponseType: 3, ICMPResponseCode: 4,
		PktSrc: event.PktSrcVXLAN, Direction: event.DirectionToClient,
		Ether: &event.Ether{
			Src: []event.MAC{{0, 0x1b, 0x21, 0xff, 1, 2}}, Dst: []event.MAC{{2, 0, 0, 0, 0, 9}}, Type: 0x0800,
		},
		Tunnel: &event.Tunnel{
			IPVersion: 6, Src: addr("2001:db8::1"), Dst: addr("2001:db8:0:0:1::2"), SrcPort: 4789, DstPort: 4789,
			Proto: 17, Depth: 1, PcapCnt: 12, PktSrc: event.PktSrcWire,
		},
		CommunityID: []byte("1:hO+sN4H+MG5MY/8hIrXPqc4ZQz4="),
		AppProto:    "http", AppProtoTS: "http", AppProtoTC: "failed", AppProtoOrig: "smtp", AppProtoExpected: "tls",
		HasTx: true, TxGuessed: true, TxID: 4,
		Metadata: &event.Metadata{
			Flowbits: []string{"ET.Evil", "traffic/id/curl", "traffic/label/cli-http"},
			Flowints: []event.NamedInt{{Name: "http.anomaly.count", Value: 2}},
			Flowvars: []event.NamedText{{Name: "ua", Value: []byte("Ap\"ache\xff")}},
			Pktvars:  []event.NamedText{{Name: "uid", Value: []byte("0")}},
		},
		SrcGeo: &event.Geo{Country: "DE", City: "Köln", ASN: 64496, ASOrg: "Example \"AS\""},
		DstGeo: &event.Geo{ASN: 64511},
	}
}

func fullRule() *event.Rule {
	return &event.Rule{
		GID: 1, SID: 2100498, Rev: 7, Message: `GPL ATTACK_RESPONSE id check returned root "quoted"`,
		Category: "Potentially Bad Traffic", Severity: 2,
		Metadata: []event.RuleMetadata{
			{Key: "created_at", Values: []string{"2010_09_23"}},
			{Key: "mitre_technique_id", Values: []string{"T1059", "T1190"}},
		},
		References: []string{"cve,2020-0001"},
		Text:       `alert ip any any -> any any (msg:"x\; y"; sid:2100498;)`,
	}
}

func fullAlert(e *event.Encoder) *event.Alert {
	d := fullDNS()
	return &event.Alert{
		Envelope: fullEnvelope(), GID: 1, SID: 2100498, Rule: event.AppendRule(nil, fullRule()),
		Blocked: true, Target: event.TargetDst, XFF: "203.0.113.9", Context: []byte(`"bad_host":{"year":1997}`),
		Flow: &event.AlertFlow{CaptureLoss: 3, TCGap: true,
			Counts: event.Counts{PktsToServer: 6, PktsToClient: 4, BytesToServer: 425, BytesToClient: 495}, Start: at - 1e9,
			IPVersion: 4, Src: addr("198.51.100.22"), Dst: addr("192.0.2.1"), SrcPort: 443, DstPort: 49152, Ports: true,
		},
		App: e.AppendDNSMember(nil, d), Stream: true,
		Payload: []byte("uid=0(root) \"\\\x00\xff\t\r\n"), Packet: []byte{0xde, 0xad, 0xbe, 0xef}, LinkType: 1,
		HasVerdict: true, Verdict: "alert", Reject: []string{"tcp-reset"}, Frame: fullFrame(),
	}
}

func fullFlow() *event.Flow {
	env := fullEnvelope()
	env.PcapCnt = 0
	env.Ether.Lists = true
	env.Ether.Src = append(env.Ether.Src, event.MAC{1, 2, 3, 4, 5, 6})
	return &event.Flow{
		Envelope: env,
		Counts:   event.Counts{PktsToServer: 10, PktsToClient: 9, BytesToServer: 1 << 40, BytesToClient: 800},
		Start:    at - 61e9, End: at - 1e6, State: event.FlowEstablished, Reason: event.FlowInterval,
		Alerted: true, TxCount: 3, Emergency: true, Bypass: event.BypassCapture, Shed: "elephant", CaptureLoss: 12,
		Bypassed: event.Counts{PktsToServer: 5, PktsToClient: 6, BytesToServer: 7, BytesToClient: 8},
		TCP: &event.TCP{
			Flags: 0xff, FlagsTS: 0x1b, FlagsTC: 0x03, State: "established",
			TSGap: true, TCGap: true, TSMaxRegions: 2, TCMaxRegions: 1,
		},
		Bandwidth: &event.Bandwidth{
			WirePktsToServer: 11, WirePktsToClient: 9, WireBytesToServer: 1<<40 + 60, WireBytesToClient: 900,
			AvgBpsToServer: 1000, AvgBpsToClient: 10, PeakBpsToServer: 9000, PeakBpsToClient: 90,
			PeakPpsToServer: 5, PeakPpsToClient: 4,
		},
		Interval: &event.Interval{
			Seq: 2, Counts: event.Counts{PktsToServer: 1, PktsToClient: 2, BytesToServer: 3, BytesToClient: 4},
			Start: at - 30e9, End: at, Final: true,
		},
	}
}

func fullNetflow() *event.Netflow {
	env := fullEnvelope()
	env.PcapCnt = 0
	return &event.Netflow{
		Envelope: env, Pkts: 5, Bytes: 640, Start: at - 2e9, End: at, MinTTL: 57, MaxTTL: 64, TxCount: 1,
		HasTCP: true, TCPFlags: 0x13,
	}
}

func fullAnomaly() *event.Anomaly {
	return &event.Anomaly{
		Envelope: fullEnvelope(), Kind: event.AnomalyApp, Event: "INVALID_REPLY", Layer: "proto_parser", App: "smtp",
	}
}

// fullDNS has one record of every kind of data.
func fullDNS() *event.DNS {
	name := []byte("example.com")
	return &event.DNS{
		Envelope: fullEnvelope(), Response: true, ID: 0xbeef, Flags: 0x87c5, Rcode: 23,
		Queries: []event.DNSQuery{{Name: name, Type: 1}, {Name: []byte("ex\xffample"), Type: 65280, Truncated: true}},
		Answers: []event.DNSRecord{
			{Name: name, Type: 5, TTL: 60, Data: event.DNSText, Text: []byte("www.example.com")},
			{Name: name, Type: 1, TTL: 60, Data: event.DNSAddr4, Addr: addr("192.0.2.7")},
			{Name: name, Type: 1, TTL: 61, Data: event.DNSAddr4, Addr: addr("192.0.2.8")},
			{Name: name, Type: 28, TTL: 60, Data: event.DNSAddr6, Addr: addr("2001:db8::8")},
			{Name: name, Type: 16, TTL: 0, Data: event.DNSText, Text: []byte("v=spf1 \"-all\""), TextTruncated: true},
			{Name: name, Type: 44, TTL: 1, Data: event.DNSSSHFP, SSHFP: event.SSHFP{Algorithm: 4, Type: 2, Fingerprint: []byte{0xab, 1}}},
			{Name: name, Type: 33, TTL: 1, Data: event.DNSSRV, SRV: event.SRV{Priority: 1, Weight: 2, Port: 5060, Target: []byte("sip.example.com")}},
			{Name: name, Type: 46, TTL: 1},
		},
		Authorities: []event.DNSRecord{{
			Name: name, Type: 6, TTL: 900, Data: event.DNSSOA, Truncated: true,
			SOA: event.SOA{MName: []byte("ns"), RName: []byte("host"), Serial: 1, Refresh: 2, Retry: 3, Expire: 4, Minimum: 1<<32 - 1},
		}},
		Additionals: []event.DNSRecord{{
			Type: 41, Data: event.DNSOPT, Options: []event.DNSOption{{Code: 10, Data: []byte{0x7e, 0xe4}}, {Code: 12}},
		}},
	}
}

func fullStats() *event.Stats {
	t := event.NewTree()
	t.Set("capture.kernel_packets", 100)
	t.Set("decoder.pkts", 90)
	t.Set("decoder.event.ipv4.pkt_too_small", 1)
	t.Set("decoder.bytes", 1<<53+1)
	t.Set("tcp.segment_memcap_drop", 2)
	t.Set("stream.reassembly_seq_gap", 1)
	t.Set("flow.total", 4)
	t.Set("flow.end.tcp_state.closed", 3)
	t.Set("memcap.pressure", 21)
	t.Set("file_store.fs_errors", 1)
	t.Set("detect.engines[0].id", 0)
	t.SetText("detect.engines[0].last_reload", "2026-01-02T15:04:05.123456+0000")
	t.Set("detect.engines[0].rules_loaded", 14966)
	t.Set("detect.engines[1].id", 1)
	t.Set("detect.alert", 2)
	t.Set("accounting.frames.wire", 100)
	t.Set("accounting.frames.dropped.ring_full", 10)
	t.SetInt("accounting.frames.balance", -1)
	return &event.Stats{
		Envelope: event.Envelope{Time: at, Interface: "eth0"},
		Uptime:   8, Counters: t,
	}
}

func fullOverload() *event.Overload {
	return &event.Overload{
		Envelope: event.Envelope{Time: at}, End: true, Lane: 3, Level: 2, Fill: 83, Lag: 1200, Lost: 17, Millis: 5300,
		Flows: 4, Packets: 1000, Bytes: 1 << 41,
	}
}

func fullHTTP() *event.HTTP {
	return &event.HTTP{
		Envelope: fullEnvelope(),
		HTTPRecord: event.HTTPRecord{
			Hostname: []byte("www.example.com"), Port: 8080, URL: []byte("/a?b=\"c\"\xff"), UserAgent: []byte("curl/8"),
			ContentType: []byte("text/html"), Referer: []byte("http://example.org/"), Method: []byte("GET"), Protocol: []byte("HTTP/1.1"),
			HasStatus: true, Status: 206, StatusText: []byte("20x"), Redirect: []byte("/b"), XFF: []byte("192.0.2.1"),
			ContentRange: event.ContentRange{Raw: []byte("bytes 0-9/100"), Start: 0, End: 9, Size: 100, HasSpan: true, HasTotal: true},
			HasLength:    true, Length: 10,
			RequestHeaders:  []event.HTTPHeader{{Name: []byte("Host"), Value: []byte("www.example.com")}, {Name: []byte("X"), Value: []byte{}}},
			ResponseHeaders: []event.HTTPHeader{{Name: []byte("Server"), Value: []byte("nginx")}},
		},
	}
}

func fullFileInfo(e *event.Encoder) *event.FileInfo {
	h := fullHTTP()
	return &event.FileInfo{
		Envelope: fullEnvelope(), App: e.AppendHTTPMember(nil, &h.HTTPRecord),
		Filename: []byte("/a"), Magic: []byte("PDF document"), Gaps: true, State: event.FileTruncated,
		MD5: bytes.Repeat([]byte("0a"), 16), SHA1: bytes.Repeat([]byte("1b"), 20), SHA256: bytes.Repeat([]byte("2c"), 32),
		SIDs: []uint32{1, 2}, Stored: true, Size: 10, HasRange: true, Start: 3, End: 12,
	}
}

func fullTLS() *event.TLS {
	cert := event.TLSCertificate{Subject: []byte("CN=www.example.com"), Issuer: []byte("C=US, O=Example"), Serial: []byte("0F:D0"),
		Fingerprint: []byte("7b:b6"), NotBefore: 1543363200, NotAfter: 1606910400}
	print := event.TLSFingerprint{Hash: bytes.Repeat([]byte("0a"), 16), Text: []byte("771,49196,0-11,29,0")}
	return &event.TLS{Envelope: fullEnvelope(), TLSRecord: event.TLSRecord{
		Server: cert, AltNames: [][]byte{[]byte("a.example"), []byte("b\xff")}, SNI: []byte("www.example.com"), Version: []byte("TLS 1.2"),
		Resumed: true, JA3: print, JA3S: print, JA4: []byte("t12d2808h2_d943125447b4_e0fb7d0a714d"), Client: cert,
		ClientProtocols: [][]byte{[]byte("h2"), []byte("http/1.1")}, ServerProtocols: [][]byte{[]byte("h2")}, FromProto: "smtp",
	}}
}

func fullSSH() *event.SSH {
	side := event.SSHSide{Proto: []byte("2.0"), Software: []byte("OpenSSH_9.2"),
		Hassh: event.TLSFingerprint{Hash: bytes.Repeat([]byte("0a"), 16), Text: []byte("curve25519-sha256;aes128-ctr;none")}}
	return &event.SSH{Envelope: fullEnvelope(), SSHRecord: event.SSHRecord{Client: side, Server: side}}
}

func fullSMTP() *event.SMTP {
	one := [][]byte{[]byte("a"), []byte("b \"c\"")}
	md5 := bytes.Repeat([]byte("0a"), 16)
	return &event.SMTP{Envelope: fullEnvelope(), SMTPRecord: event.SMTPRecord{
		Helo: []byte("client.example"), MailFrom: []byte("<a@example.com>"), Recipients: one,
		Email: &event.Email{Status: "PARSE_DONE", From: []byte("A <a@example.com>"), Subject: []byte("Hello"), Date: []byte("today"),
			MessageID: []byte("<1@x>"), Mailer: []byte("mutt"), To: one, CC: one, Received: one, BCC: one, Fields: []event.NamedText{
				{Name: "reply_to", Value: []byte("r")}, {Name: "user_agent", Value: []byte("u")}, {Name: "x_originating_ip", Value: []byte("x")}, {Name: "in_reply_to", Value: []byte("i")},
				{Name: "references", Value: []byte("f")}, {Name: "importance", Value: []byte("high")}, {Name: "priority", Value: []byte("p")}, {Name: "sensitivity", Value: []byte("s")},
				{Name: "organization", Value: []byte("o")}, {Name: "content_md5", Value: []byte("c")},
			}, URLs: one, Attachments: one,
			BodyMD5: md5, SubjectMD5: md5},
	}}
}

func fullFTP() *event.FTP {
	return &event.FTP{Envelope: fullEnvelope(), FTPRecord: event.FTPRecord{
		Command: "PORT", Data: []byte("192,0,2,1,4,1"), CommandCut: true, Codes: [][]byte{[]byte("200")},
		Replies: [][]byte{[]byte("PORT command successful.")}, Port: 1025, Mode: "active", Answered: true, ReplyCut: true,
	}}
}

func fullFrame() *event.Frame {
	return &event.Frame{Type: "data", ID: 3, ToClient: true, Offset: 7, Complete: true, Length: 4, Payload: []byte("a\"b\n"), HasTx: true, TxID: 2}
}

func fullFTPData() *event.FTPData {
	return &event.FTPData{Envelope: fullEnvelope(), FTPDataRecord: event.FTPDataRecord{Filename: []byte("a \"b\""), Command: "RETR"}}
}

// fullARP has what an ARP packet has: it is in no flow and has no addresses but
// its own.
func fullARP() *event.ARP {
	v := fullEnvelope()
	bare := event.Envelope{Time: v.Time, Packet: v.Packet, Index: v.Index, PcapCnt: v.PcapCnt, Interface: v.Interface,
		VLANs: v.VLANs, VLANCount: v.VLANCount, PktSrc: event.PktSrcWire, Ether: v.Ether}
	return &event.ARP{Envelope: bare, Operation: 2, SrcMAC: event.MAC{0, 1, 2, 3, 4, 5}, DstMAC: event.MAC{6, 7, 8, 9, 10, 11},
		SrcAddr: [4]byte{192, 0, 2, 1}, DstAddr: [4]byte{192, 0, 2, 2}}
}
