package dnp3

import (
	"bytes"
	"math"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of a whole fragment, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if !t.told || !t.complete {
		return false
	}
	switch {
	case t.dir == decoders.ToServer:
		r.Word("type", "request")
	case t.function() == unsolicited:
		r.Word("type", "unsolicited_response")
	default:
		r.Word("type", "response")
	}
	c := t.link.control
	r.Object("control")
	r.Bool("dir", c&linkDirMaster != 0)
	r.Bool("pri", c&linkPrimary != 0)
	r.Bool("fcb", c&linkFCB != 0)
	r.Bool("fcv", c&linkFCV != 0)
	r.Uint("function_code", uint64(c&linkFunction))
	r.End()
	r.Uint("src", uint64(t.link.src))
	r.Uint("dst", uint64(t.link.dst))
	r.Object("application")
	c = t.data[0] // section 4.2.2.4
	r.Object("control")
	r.Bool("fir", c&0x80 != 0)
	r.Bool("fin", c&0x40 != 0)
	r.Bool("con", c&0x20 != 0)
	r.Bool("uns", c&0x10 != 0)
	r.Uint("sequence", uint64(c&0x0f))
	r.End()
	r.Uint("function_code", uint64(t.function()))
	if len(t.objects) > 0 {
		r.List("objects")
		for i := range t.objects {
			t.recordObject(r, &t.objects[i])
		}
		r.End()
	}
	r.Bool("complete", t.parsed)
	r.End()
	if t.dir == decoders.ToClient {
		t.recordIndications(r)
	}
	return true
}

func (t *Tx) recordIndications(r *app.Record) {
	r.Object("iin")
	if v := t.indications(); v != 0 {
		r.List("indicators")
		for i, name := range indicationNames {
			if v&(0x8000>>i) != 0 {
				r.Word("", name)
			}
		}
		r.End()
	}
	r.End()
}

func (t *Tx) recordObject(r *app.Record, o *object) {
	r.Object("")
	r.Uint("group", uint64(o.group))
	r.Uint("variation", uint64(o.variation))
	r.Uint("qualifier", uint64(o.qualifier))
	r.Uint("prefix_code", uint64(o.prefix()))
	r.Uint("range_code", uint64(o.ranged()))
	r.Uint("start", uint64(o.start))
	r.Uint("stop", uint64(o.stop))
	r.Uint("count", uint64(o.count))
	if o.points > 0 {
		r.List("points")
		points := pointReader{layout: layouts[layoutKey(o.group, o.variation)], object: o, rest: t.data[o.at:]}
		for points.next(t.point) {
			recordPoint(r, o, points.layout, t.point)
		}
		r.End()
	}
	r.End()
}

func recordPoint(r *app.Record, o *object, l *layout, p *point) {
	r.Object("")
	r.Uint("prefix", uint64(p.prefix))
	r.Uint("index", uint64(p.index))
	if o.sized() {
		r.Uint("size", uint64(p.prefix))
	}
	for i := range l.fields {
		f := &l.fields[i]
		v, text := p.values[i], p.texts[i]
		switch f.kind {
		case kindBits:
			for _, b := range f.bits {
				r.Uint(b.name, v&(1<<b.width-1))
				v >>= b.width
			}
		case kindI16:
			r.Int(f.name, int64(int16(v)))
		case kindI32:
			r.Int(f.name, int64(int32(v)))
		case kindF32:
			r.Float(f.name, float64(math.Float32frombits(uint32(v))))
		case kindF64:
			r.Float(f.name, math.Float64frombits(v))
		case kindCode, kindText:
			text, _, _ = bytes.Cut(text, []byte{0})
			r.Text(f.name, text)
		case kindData:
			if len(text) > 0 {
				r.Base64(f.name, text)
			}
		default:
			r.Uint(f.name, v)
		}
	}
	r.End()
}
