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
