package dnp3

import "encoding/binary"

// object is a header of objects with the points behind it.
type object struct {
	group, variation   uint8
	qualifier          uint8
	start, stop, count uint32
	at                 int // of the first point in the fragment
	points             int
}

// prefix is how points are prefixed (section 4.2.2.7.3.2).
func (o *object) prefix() uint8 { return o.qualifier >> 4 & 7 }

// ranged is how the range is given (section 4.2.2.7.3.3).
func (o *object) ranged() uint8 { return o.qualifier & 15 }

// sized reports that prefixes are sizes, not numbers of points.
func (o *object) sized() bool { return o.prefix() >= 4 && o.prefix() <= 6 }

// parseObjects reads the objects of a whole fragment. As the protocol does not
// describe itself, the first object that is not known ends it.
func (t *Tx) parseObjects(c Config) {
	at, points := headLen(t.dir), 0
	for at < len(t.data) {
		if len(t.objects) >= c.MaxObjects {
			t.events.Add(EventTooManyObjects)
			return
		}
		parsed, n, ok := parseObject(t.data[at:])
		if n == 0 {
			return // no header
		}
		at += n
		parsed.at = at
		t.objects = append(t.objects, parsed)
		o := &t.objects[len(t.objects)-1]
		if !ok {
			return
		}
		if o.variation == 0 || o.count == 0 {
			continue
		}
		if int64(points)+int64(o.count) > int64(c.MaxPoints) {
			t.events.Add(EventTooManyPoints)
			return
		}
		l := layouts[layoutKey(o.group, o.variation)]
		if l == nil {
			t.events.Add(EventUnknownObject)
			return
		}
		r := pointReader{layout: l, object: o, rest: t.data[at:]}
		for r.next(t.point) {
			o.points++
		}
		points += o.points
		if r.failed {
			t.events.Add(EventUnknownObject)
			return
		}
		at = len(t.data) - len(r.rest)
	}
	t.parsed = true
}

// parseObject reads a header; n is its length, 0 when there is none. ok is
// false when the range is cut off or of no known kind.
func parseObject(data []byte) (o object, n int, ok bool) {
	const headerLen = 3
	if len(data) < headerLen {
		return o, 0, false
	}
	o = object{group: data[0], variation: data[1], qualifier: data[2]}
	rest := data[headerLen:]
	var size int
	switch o.ranged() {
	case 0, 3, 7, 11:
		size = 1
	case 1, 4, 8:
		size = 2
	case 2, 5, 9:
		size = 4
	case 6:
		return o, headerLen, true
	default:
		return o, headerLen, false
	}
	first := number(rest, size)
	if o.ranged() > 5 {
		if len(rest) < size {
			return o, headerLen, false
		}
		o.count = first
		return o, headerLen + size, true
	}
	if len(rest) < 2*size {
		return o, headerLen, false
	}
	o.start, o.stop = first, number(rest[size:], size)
	o.count = o.stop - o.start + 1
	return o, headerLen + 2*size, true
}

// number reads an unsigned number of 0, 1, 2 or 4 octets; 0 when it is cut off.
func number(data []byte, size int) uint32 {
	switch {
	case len(data) < size:
	case size == 1:
		return uint32(data[0])
	case size == 2:
		return uint32(binary.LittleEndian.Uint16(data))
	case size == 4:
		return binary.LittleEndian.Uint32(data)
	}
	return 0
}
