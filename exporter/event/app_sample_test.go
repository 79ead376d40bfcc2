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
	o.Text("name", text)
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
