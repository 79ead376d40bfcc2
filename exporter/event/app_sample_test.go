package event_test

import "spanwatch/exporter/event"

// Records of protocols that the caller writes with an Object, with every
// member that their schema has.

func fullSIP(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Text("method", text)
	o.Text("uri", text)
	o.String("version", "SIP/2.0")
	o.String("code", "200")
	o.Text("reason", text)
	o.Object("sdp")
	for _, name := range []string{"origin", "session_name", "session_info", "uri", "email", "phone_number", "connection_data"} {
		o.Text(name, text)
	}
	list := func(name string) {
		o.List(name)
		o.Text("", text)
		o.Text("", nil)
		o.End()
	}
	list("bandwidths")
	o.List("time_descriptions")
	o.Object("")
	o.Text("time", text)
	o.Text("repeat_time", text)
	o.End()
	o.Object("")
	o.Text("time", text)
	o.End()
	o.End()
	o.Text("timezone", text)
	o.Text("encryption_key", text)
	list("attributes")
	o.List("media_descriptions")
	o.Object("")
	for _, name := range []string{"media", "media_info", "connection_data", "encryption_key"} {
		o.Text(name, text)
	}
	list("bandwidths")
	list("attributes")
	o.End()
	o.End()
	o.End()
	o.Text("request_line", text)
	o.Text("response_line", text)
}

func fullMQTT(o *event.Object) {
	text := []byte("a \"text\" \xff")
	packet := func(name string) {
		o.Object(name)
		o.Uint("qos", 1)
		o.Bool("retain", false)
		o.Bool("dup", true)
	}
	packet("connect")
	o.Text("client_id", text)
	o.Object("will")
	o.CutText("message", text, 12)
	o.End()
	o.Object("properties")
	o.Int("receive_maximum", 20)
	o.List("user_properties")
	o.Object("")
	o.Text("key", text)
	o.Text("value", text)
	o.End()
	o.End()
	o.End()
	o.End()
	packet("suback")
	o.Uint("message_id", 1)
	o.List("qos_granted")
	o.Uint("", 1)
	o.Uint("", 128)
	o.End()
}

func fullQUIC(o *event.Object) {
	text := []byte("a \"text\" \xff")
	print := func(name string) {
		o.Object(name)
		o.Text("hash", []byte("910a5e3a4d51593bd59a44611544f209"))
		o.Text("string", text)
		o.End()
	}
	o.String("version", "Q046")
	o.Text("sni", text)
	o.Text("ua", text)
	o.List("cyu")
	print("")
	o.End()
	print("ja3")
	print("ja3s")
	o.String("ja4", "q13d0310h3_55b375c5d22e_cd85d2d88918")
	o.List("extensions")
	o.Object("")
	o.String("name", "alpn")
	o.Uint("type", 16)
	o.List("values")
	o.Text("", text)
	o.End()
	o.End()
	o.Object("")
	o.Uint("type", 65535)
	o.End()
	o.End()
}

func fullWebSocket(o *event.Object) {
	o.Bool("fin", true)
	o.Uint("mask", 1<<32-1)
	o.String("opcode", "text")
	o.CutText("payload_printable", []byte("a \"text\" \xff"), 12)
	o.String("payload_base64", "YQ==")
}

func fullDCERPC(o *event.Object) {
	o.String("request", "REQUEST")
	o.String("response", "RESPONSE")
	for _, side := range []string{"req", "res"} {
		o.Object(side)
		if side == "req" {
			o.Uint("opnum", 15)
		}
		o.Uint("frag_cnt", 1)
		o.Uint("stub_data_size", 4096)
		o.End()
	}
	o.List("interfaces")
	o.Object("")
	o.String("uuid", "1ff70682-0a51-30e8-076d-740be8cee98b")
	o.String("version", "1.0")
	o.Uint("ack_result", 2)
	o.Uint("ack_reason", 0)
	o.End()
	o.End()
	o.Uint("call_id", 7)
	o.String("activityuuid", "1ff70682-0a51-30e8-076d-740be8cee98b")
	o.Uint("seqnum", 7)
	o.String("rpc_version", "5.0")
}

func fullSMB(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("id", 3)
	o.String("status_code", "0xc0000022")
	for _, name := range []string{"dialect", "command", "status", "client_guid", "server_guid", "named_pipe", "share", "share_type", "filename",
		"disposition", "access", "fuid", "function"} {
		o.Text(name, text)
	}
	for _, name := range []string{"session_id", "tree_id", "max_read_size", "max_write_size", "created", "accessed", "modified", "changed", "size"} {
		o.Uint(name, 1<<53-1)
	}
	o.List("client_dialects")
	o.Text("", text)
	o.End()
	for _, part := range [][]string{
		{"ntlmssp", "domain", "user", "host", "version"}, {"request", "native_os", "native_lm"}, {"response", "native_os", "native_lm"},
		{"service", "request", "response"}, {"set_info", "class", "info_level"}, {"rename", "from", "to"},
	} {
		o.Object(part[0])
		for _, name := range part[1:] {
			o.Text(name, text)
		}
		o.End()
	}
	o.Object("dcerpc")
	fullDCERPC(o)
	o.End()
}

// fullHTTP2 is the http object of HTTP/2, which the protocol's folder writes.
func fullHTTP2(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.String("version", "2")
	for _, name := range []string{"request_headers", "response_headers"} {
		o.List(name)
		o.Object("")
		o.Text("name", text)
		o.Text("value", text)
		o.End()
		o.Object("")
		o.Uint("table_size_update", 4096)
		o.End()
		o.End()
	}
	for _, name := range []string{"http_method", "url", "hostname", "http_user_agent"} {
		o.Text(name, text)
	}
	o.Uint("length", 331)
	o.Uint("status", 200)
	o.Object("http2")
	o.Uint("stream_id", 1)
	for _, name := range []string{"request", "response"} {
		o.Object(name)
		o.List("settings")
		o.Object("")
		o.String("settings_id", "SETTINGSENABLEPUSH")
		o.Uint("settings_value", 1<<32-1)
		o.End()
		o.End()
		o.String("error_code", "NoError")
		o.Uint("priority", 255)
		o.String("has_multiple", "error_code")
		o.End()
	}
	o.End()
}

func fullDHCP(o *event.Object) {
	text, v4 := []byte("a \"text\" \xff"), []byte{192, 0, 2, 1}
	o.String("type", "reply")
	o.Uint("id", 1<<32-1)
	o.MAC("client_mac", []byte{2, 0, 0, 0, 0, 9})
	for _, name := range []string{"assigned_ip", "client_ip", "relay_ip", "next_server_ip", "requested_ip", "subnet_mask"} {
		o.Address(name, v4)
	}
	for _, name := range []string{"dhcp_type", "client_id", "hostname", "vendor_class_identifier"} {
		o.Text(name, text)
	}
	for _, name := range []string{"routers", "dns_servers"} {
		o.List(name)
		o.Address("", v4)
		o.Address("", []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
		o.End()
	}
	for _, name := range []string{"lease_time", "renewal_time", "rebinding_time"} {
		o.Uint(name, 3600)
	}
	o.List("params")
	o.String("", "router")
	o.End()
}

func fullNTP(o *event.Object) {
	o.Uint("version", 4)
	o.Uint("mode", 3)
	o.Uint("stratum", 16)
	o.MAC("reference_id", []byte{0x47, 0x50, 0x53, 0})
}

func fullTFTP(o *event.Object) {
	o.String("packet", "write")
	o.Text("file", []byte("a \"text\" \xff"))
	o.Text("mode", []byte("octet"))
}

func fullKRB5(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.String("msg_type", "KRB_AS_REP")
	o.String("failed_request", "KRB_AS_REQ")
	o.String("error_code", "KDC_ERR_PREAUTH_REQUIRED")
	o.Text("cname", text)
	o.Text("realm", text)
	o.Text("sname", text)
	o.String("encryption", "rc4-hmac")
	o.Bool("weak_encryption", true)
	o.String("ticket_encryption", "aes256-cts-hmac-sha1-96")
	o.Bool("ticket_weak_encryption", false)
}

func fullNFS(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("version", 3)
	o.String("procedure", "READ")
	o.Text("filename", text)
	o.String("hhash", "a5fcf973")
	o.Uint("id", 1)
	o.Bool("file_tx", true)
	o.String("type", "response")
	o.String("status", "OK")
	o.Object("read")
	o.Bool("first", true)
	o.Bool("last", false)
	o.Uint("last_xid", 7)
	o.Uint("chunks", 2)
	o.End()
	o.Object("rename")
	o.Text("from", text)
	o.Text("to", text)
	o.End()
}

// rpcMember is what stands beside the record of NFS.
const rpcMember = `"rpc":{"xid":7,"status":"ACCEPTED","auth_type":"UNIX","creds":{"machine_name":"box","uid":0,"gid":0}}`

func fullIKE(o *event.Object) {
	attributes := func() {
		for _, name := range []string{"alg_enc", "alg_hash", "alg_auth", "alg_dh", "sa_life_type", "sa_life_duration", "sa_key_length", "unknown"} {
			o.String(name, "Unknown")
			o.Uint(name+"_raw", 86400)
		}
	}
	o.Uint("version_major", 1)
	o.Uint("version_minor", 0)
	o.String("init_spi", "e47a591fd057587f")
	o.String("resp_spi", "0000000000000000")
	o.Uint("message_id", 0)
	o.Uint("exchange_type", 2)
	o.String("role", "responder")
	o.String("alg_esn", "NoESN")
	attributes()
	o.List("payload")
	o.String("", "SecurityAssociation")
	o.End()
	o.Object("ikev1")
	o.Uint("doi", 1)
	o.Bool("encrypted_payloads", false)
	for _, side := range []string{"client", "server"} {
		o.Object(side)
		for _, name := range []string{"key_exchange_payload", "nonce_payload"} {
			o.String(name, "00ff")
			o.Uint(name+"_length", 2)
		}
		if side == "client" {
			o.List("proposals")
			o.Object("")
			attributes()
			o.End()
			o.End()
		}
		o.End()
	}
	o.List("vendor_ids")
	o.String("", "4a131c81070358455c5728f20e95452f")
	o.End()
	o.End()
	o.Object("ikev2")
	o.Uint("errors", 1)
	o.List("notify")
	o.String("", "NO_PROPOSAL_CHOSEN")
	o.End()
	o.End()
}

func fullLDAP(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Object("request")
	o.Uint("message_id", 2)
	o.String("operation", "modify_request")
	o.Object("modify_request")
	o.Text("object", text)
	o.List("changes")
	o.Object("")
	o.String("operation", "replace")
	o.Object("modification")
	o.Text("attribute_type", text)
	o.List("attribute_values")
	o.Text("", text)
	o.End()
	o.End()
	o.End()
	o.End()
	o.End()
	o.List("controls")
	o.Object("")
	o.Text("control_type", text)
	o.Bool("criticality", true)
	o.String("control_value", "63")
	o.End()
	o.End()
	o.End()
	o.List("responses")
	o.Object("")
	o.String("operation", "modify_response")
	o.Object("modify_response")
	o.String("result_code", "success")
	o.Text("matched_dn", text)
	o.Text("message", text)
	o.End()
	o.End()
	o.End()
}

func fullPgSQL(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("tx_id", 1)
	o.Object("request")
	o.Text("simple_query", text)
	o.End()
	o.Object("response")
	o.List("parameter_status")
	o.Object("")
	o.Text("time_zone", text)
	o.End()
	o.End()
	o.Bool("row_description_malformed", false)
	o.Uint("field_count", 1)
	o.Uint("data_rows", 1)
	o.Uint("data_size", 1)
	o.Text("command_completed", text)
	o.End()
}

func fullRFB(o *event.Object) {
	for _, side := range []string{"server_protocol_version", "client_protocol_version"} {
		o.Object(side)
		o.String("major", "003")
		o.String("minor", "008")
		o.End()
	}
	o.Object("authentication")
	o.Uint("security_type", 2)
	o.Object("vnc")
	o.String("challenge", "000102030405060708090a0b0c0d0e0f")
	o.String("response", "101112131415161718191a1b1c1d1e1f")
	o.End()
	o.String("security_result", "OK")
	o.End()
	o.Text("server_security_failure_reason", []byte("a \"text\" \xff"))
	o.Bool("screen_shared", true)
	o.Object("framebuffer")
	o.Uint("width", 1280)
	o.Uint("height", 800)
	o.Text("name", []byte("a \"text\" \xff"))
	o.Object("pixel_format")
	o.Uint("bits_per_pixel", 32)
	o.Uint("depth", 24)
	o.Bool("big_endian", false)
	o.Bool("true_color", true)
	for _, colour := range []string{"red", "green", "blue"} {
		o.Uint(colour+"_max", 255)
	}
	for _, colour := range []string{"red", "green", "blue"} {
		o.Uint(colour+"_shift", 8)
	}
	o.End()
	o.End()
}

func fullMDNS(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.String("type", "response")
	o.Uint("id", 1)
	o.List("flags")
	o.String("", "aa")
	o.End()
	o.Uint("opcode", 0)
	o.Uint("rcode", 0)
	o.List("queries")
	o.Object("")
	o.Text("rrname", text)
	o.String("rrtype", "any")
	o.End()
	o.End()
	for _, section := range []string{"answers", "authorities", "additionals"} {
		o.List(section)
		o.Object("")
		o.Text("rrname", text)
		o.Bool("rrname_truncated", true)
		o.Text("ptr", text)
		o.Bool("rdata_truncated", true)
		o.End()
		o.Object("")
		o.Text("rrname", text)
		o.List("txt")
		o.Text("", text)
		o.End()
		o.End()
		o.Object("")
		o.Text("rrname", text)
		o.Object("srv")
		o.Uint("priority", 1)
		o.Text("name", text)
		o.End()
		o.End()
		o.Object("")
		o.Text("rrname", nil)
		o.List("opt")
		o.Object("")
		o.Uint("code", 4)
		o.String("data", "616263")
		o.End()
		o.End()
		o.End()
		o.End()
	}
}
