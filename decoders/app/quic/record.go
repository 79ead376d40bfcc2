package quic

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of a packet, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	start := len(t.text)
	t.text = t.header.version.appendText(t.text)
	r.Text("version", t.text[start:])
	t.text = t.text[:start] // nothing is added any more while the record lives
	if t.hasSNI {
		r.Text("sni", t.get(t.sni))
	}
	if t.hasUA {
		r.Text("ua", t.get(t.ua))
	}
	if len(t.cyu) > 0 {
		r.List("cyu")
		for _, p := range t.cyu {
			r.Object("")
			t.recordPrint(r, p)
			r.End()
		}
		r.End()
	}
	t.recordHello(r)
	return true
}

func (t *Tx) recordPrint(r *app.Record, p print) {
	r.Text("hash", t.get(p.hash))
	r.Text("string", t.get(p.text))
}

// recordHello appends what the packet's hello says.
func (t *Tx) recordHello(r *app.Record) {
	if t.ja3 == (print{}) {
		return
	}
	if t.Direction() == decoders.ToServer {
		r.Object("ja3")
	} else {
		r.Object("ja3s")
	}
	t.recordPrint(r, t.ja3)
	r.End()
	if t.ja4 != (span{}) {
		r.Text("ja4", t.get(t.ja4))
	}
	if len(t.extensions) == 0 {
		return
	}
	r.List("extensions")
	for _, e := range t.extensions {
		r.Object("")
		if name := extensionName(e.kind); name != "" {
			r.Word("name", name)
		}
		r.Uint("type", uint64(e.kind))
		if e.end > e.first {
			r.List("values")
			for _, v := range t.values[e.first:e.end] {
				r.Text("", t.get(v))
			}
			r.End()
		}
		r.End()
	}
	r.End()
}

// extensionName is the name of an extension in records; empty when it has none.
func extensionName(kind uint16) string {
	switch kind {
	case 13172:
		return "next_protocol_negotiation"
	case 65281:
		return "renegotiation_info"
	}
	if int(kind) < len(extensionNames) {
		return extensionNames[kind]
	}
	return ""
}

// extensionNames are those of IANA's list of TLS ExtensionType values.
var extensionNames = [...]string{
	0:  "server_name",
	1:  "max_fragment_length",
	2:  "client_certificate_url",
	3:  "trusted_ca_keys",
	4:  "truncated_hmac",
	5:  "status_request",
	6:  "user_mapping",
	7:  "client_authz",
	8:  "server_authz",
	9:  "cert_type",
	10: "supported_groups",
	11: "ec_point_formats",
	12: "srp",
	13: "signature_algorithms",
	14: "use_srtp",
	15: "heartbeat",
	16: "alpn",
	17: "status_request_v2",
	18: "signed_certificate_timestamp",
	19: "client_certificate_type",
	20: "server_certificate_type",
	21: "padding",
	22: "encrypt_then_mac",
	23: "extended_master_secret",
	24: "token_binding",
	25: "cached_info",
	26: "tls_lts",
	27: "compress_certificate",
	28: "record_size_limit",
	29: "pwd_protect",
	30: "pwd_clear",
	31: "password_salt",
	32: "ticket_pinning",
	33: "tls_cert_with_extern_psk",
	34: "delegated_credentials",
	35: "session_ticket",
	36: "tlmsp",
	37: "tlmsp_proxying",
	38: "tlmsp_delegate",
	39: "supported_ekt_ciphers",
	41: "pre_shared_key",
	42: "early_data",
	43: "supported_versions",
	44: "cookie",
	45: "psk_key_exchange_modes",
	47: "certificate_authorities",
	48: "oid_filters",
	49: "post_handshake_auth",
	50: "signature_algorithms_cert",
	51: "key_share",
	52: "transparency_info",
	53: "connection_id_deprecated",
	54: "connection_id",
	55: "external_id_hash",
	56: "external_session_id",
	57: "quic_transport_parameters",
	58: "ticket_request",
	59: "dnssec_chain",
}
