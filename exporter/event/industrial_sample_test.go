package event_test

import "spanwatch/exporter/event"

// Records of industrial protocols, as in app_sample_test.go.

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
