package event

// AnomalyKind is anomaly.type: which stage saw the oddity.
type AnomalyKind uint8

// Kinds of anomalies.
const (
	AnomalyDecode AnomalyKind = iota
	AnomalyStream
	AnomalyApp
)

// Anomaly is a protocol oddity. In Suricata's way the app protocol of an
// anomaly stands in the anomaly object, so that of the envelope stays empty.
type Anomaly struct {
	Envelope
	Kind  AnomalyKind
	Event string // name of the decode, stream or app-layer event
	Layer string // AnomalyApp: "proto_parser", "proto_detect" or "parser"
	App   string // AnomalyApp: the protocol
}

// AppendAnomaly appends the event without its closing brace; see Finish.
func (e *Encoder) AppendAnomaly(dst []byte, a *Anomaly) []byte {
	dst = e.appendEnvelope(dst, &a.Envelope, TypeAnomaly)
	dst = append(dst, `,"anomaly":{"type":"`...)
	switch a.Kind {
	case AnomalyDecode:
		dst = append(dst, `decode"`...)
	case AnomalyStream:
		dst = append(dst, `stream"`...)
	default:
		dst = append(dst, `applayer"`...)
	}
	dst = appendOptionalString(dst, `,"app_proto":`, a.App)
	dst = appendStringMember(dst, `,"event":`, a.Event)
	dst = appendOptionalString(dst, `,"layer":`, a.Layer)
	return append(dst, '}')
}
