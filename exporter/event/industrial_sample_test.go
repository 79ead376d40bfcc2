package event_test

import (
	"math"

	"spanwatch/exporter/event"
)

// Records of industrial protocols and of network management, as in
// app_sample_test.go.

func fullModbus(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("id", 1)
	message := func(name string) {
		o.Object(name)
		for _, number := range []string{"transaction_id", "protocol_id", "unit_id", "function_raw"} {
			o.Uint(number, 255)
		}
		for _, word := range []string{"function_code", "access_type", "category", "error_flags"} {
			o.String(word, "READ | COILS")
		}
	}
	code := func(name string) {
		o.Object(name)
		o.Uint("raw", 1)
		o.String("code", "RdDevId")
	}
	message("request")
	o.Object("read")
	o.Uint("address", 65535)
	o.Uint("quantity", 125)
	o.End()
	o.Object("write")
	o.Uint("address", 65535)
	o.Uint("quantity", 2)
	o.Uint("and_mask", 2)
	o.Uint("or_mask", 2)
	o.Text("data", text)
	o.End()
	o.End()
	message("response")
	o.Object("read")
	o.Text("data", text)
	o.End()
	o.Object("write")
	o.Uint("address", 1)
	o.Uint("data", 65280)
	o.End()
	for _, name := range []string{"diagnostic", "mei"} {
		code(name)
		o.Text("data", text)
		o.End()
	}
	code("exception")
	o.End()
	o.Text("data", text)
	o.End()
}

func fullDNP3(o *event.Object) {
	o.String("type", "unsolicited_response")
	control := func(names ...string) {
		o.Object("control")
		for _, name := range names[1:] {
			o.Bool(name, true)
		}
		o.Uint(names[0], 4)
		o.End()
	}
	control("function_code", "dir", "pri", "fcb", "fcv")
	o.Uint("src", 65535)
	o.Uint("dst", 1)
	o.Object("application")
	control("sequence", "fir", "fin", "con", "uns")
	o.Uint("function_code", 130)
	o.List("objects")
	o.Object("")
	for _, name := range []string{"group", "variation", "qualifier", "prefix_code", "range_code", "start", "stop", "count"} {
		o.Uint(name, 120)
	}
	o.List("points")
	o.Object("")
	for _, name := range []string{"prefix", "index", "size", "online"} {
		o.Uint(name, 1)
	}
	o.Int("value", -1)
	o.Float("deadband_value", -1.25)
	o.Float("commanded_value", math.NaN())
	o.Text("filename", []byte("a \"text\" \xff"))
	o.Base64("data->mac_value", []byte{0, 255})
	o.End()
	o.End()
	o.End()
	o.End()
	o.Bool("complete", true)
	o.End()
	o.Object("iin")
	o.List("indicators")
	o.String("", "device_restart")
	o.End()
	o.End()
}

func fullENIP(o *event.Object) {
	text := []byte("a \"text\" \xff")
	message := func(name string) {
		o.Object(name)
		o.String("command", "list_identity")
		o.String("status", "success")
		o.Uint("options", 1)
		o.Object("register_session")
		o.Uint("protocol_version", 1)
		o.Uint("options", 0)
		o.End()
	}
	message("request")
	o.Object("cip")
	o.String("service", "Multiple Service Packet")
	o.List("path")
	o.Object("")
	o.String("segment_type", "class")
	o.Uint("value", 1<<32-1)
	o.End()
	o.End()
	o.String("class_name", "Message Router")
	o.List("multiple")
	o.Object("")
	o.String("service", "unknown-99")
	o.End()
	o.End()
	o.End()
	o.End()
	message("response")
	o.Object("list_services")
	o.Uint("protocol_version", 1)
	o.Uint("capabilities", 288)
	o.Text("service_name", text)
	o.End()
	o.Object("identity")
	for _, name := range []string{"protocol_version", "product_code", "status", "serial", "state"} {
		o.Uint(name, 255)
	}
	for _, name := range []string{"revision", "vendor_id", "device_type"} {
		o.String(name, "4.3")
	}
	o.Text("product_name", text)
	o.End()
	o.Object("cip")
	for _, name := range []string{"service", "status", "status_extended", "status_extended_meaning"} {
		o.String(name, "0001")
	}
	o.End()
	o.End()
}

func fullSNMP(o *event.Object) {
	text := []byte("a \"text\" \xff")
	o.Uint("version", 1)
	o.String("pdu_type", "trap_v1")
	o.String("error", "NoSuchName")
	o.String("trap_type", "coldStart")
	o.Text("trap_oid", []byte("1.3.6.1.4.1"))
	o.Address("trap_address", []byte{192, 0, 2, 1})
	o.List("vars")
	o.Text("", []byte("1.3.6.1"))
	o.End()
	o.Text("community", text)
	o.Text("usm", text)
}
