package event_test

import "spanwatch/exporter/event"

// Records of protocols of workstations, as in app_sample_test.go.

func fullRDP(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("tx_id", 3)
	o.String("event_type", "connect_request")
	o.Object("client")
	for _, name := range []string{"version", "keyboard_layout", "build", "client_name", "keyboard_type", "ime", "id", "connection_hint"} {
		o.Text(name, text)
	}
	for _, name := range []string{"desktop_width", "desktop_height", "keyboard_subtype", "function_keys", "product_id", "serial_number"} {
		o.Uint(name, 65535)
	}
	for _, name := range []string{"physical_width", "physical_height", "scale_factor", "device_scale_factor"} {
		o.Uint(name, 100)
	}
	o.Uint("color_depth", 24)
	o.Uint("desktop_orientation", 0)
	o.List("capabilities")
	o.String("", "support_errinfo_pdf")
	o.End()
	o.End()
	for _, name := range []string{"flags", "server_supports", "channels"} {
		o.List(name)
		o.Text("", text)
		o.End()
	}
	o.Text("cookie", text)
	o.String("protocol", "hybrid")
	o.Uint("error_code", 1)
	o.String("reason", "ssl required by server")
	o.List("x509_serials")
	o.String("", "3dde271223f54fa1")
	o.End()
}

func fullBittorrentDHT(o *event.Object) {
	text := []byte("a \"text\" \xff")
	const id = "6162636465666768696a30313233343536373839"
	hex := func(names ...string) {
		for _, name := range names {
			o.String(name, id)
		}
	}
	nodes := func(name string, address []byte) {
		o.List(name)
		o.Object("")
		hex("id")
		o.Address("ip", address)
		o.Uint("port", 65535)
		o.End()
		o.End()
	}
	hex("transaction_id", "client_version")
	o.Text("request_type", text)
	o.Object("request")
	hex("id", "target", "info_hash", "token")
	o.Uint("implied_port", 255)
	o.Uint("port", 65535)
	o.End()
	o.Object("response")
	hex("id")
	nodes("nodes", []byte{192, 0, 2, 1})
	nodes("nodes6", []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	nodes("values", []byte{192, 0, 2, 1})
	hex("token")
	o.End()
	o.Object("error")
	o.Uint("num", 65535)
	o.Text("msg", text)
	o.End()
}

func fullPOP3(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Object("request")
	o.Text("command", text)
	o.List("args")
	o.Text("", text)
	o.End()
	o.End()
	o.Object("response")
	o.Bool("success", true)
	o.String("status", "OK")
	o.Text("header", text)
	o.List("data")
	o.Text("", text)
	o.End()
	o.End()
}
