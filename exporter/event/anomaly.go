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
	Event string // name of the event; those of decoders and streams are ours, and plain
	Layer string // AnomalyApp: "proto_parser", "proto_detect" or "parser"
	App   string // AnomalyApp: the protocol
}

// AppendAnomaly appends the event without its closing brace; see Finish.
func (e *Encoder) AppendAnomaly(dst []byte, a *Anomaly) []byte {
	dst = e.appendEnvelope(dst, &a.Envelope, TypeAnomaly)
	dst = append(dst, `,"anomaly":{"type":"`...)
	prefix := ""
	switch a.Kind {
	case AnomalyDecode:
		dst, prefix = append(dst, `decode"`...), "decoder."
	case AnomalyStream:
		dst, prefix = append(dst, `stream"`...), "stream."
	default:
		dst = append(dst, `applayer"`...)
	}
	dst = appendOptionalString(dst, `,"app_proto":`, a.App)
	dst = appendRest(append(append(dst, `,"event":"`...), prefix...), a.Event)
	dst = appendOptionalString(dst, `,"layer":`, a.Layer)
	return append(dst, '}')
}

// appendRest appends what is left of a string that dst has the start of.
func appendRest(dst []byte, s string) []byte {
	start := len(dst)
	dst = AppendString(dst, s)
	copy(dst[start:], dst[start+1:]) // over the opening quote
	return dst[:len(dst)-1]
}
