package http2

// maxTable bounds the table of one direction, whatever its receiver allows.
const maxTable = 65536

// entry is a field of a table.
type entry struct {
	text []byte // name, then value
	name int    // length of the name
}

// size is what an entry counts (RFC 7541 section 4.1).
func (e *entry) size() int { return len(e.text) + 32 }

// table is the dynamic table of HPACK of one direction: a ring whose newest
// entry has number 62.
type table struct {
	ring  []entry // memory of past entries is used again
	first int     // the newest
	count int
	size  int
	limit int // as the encoder chose it
}

// keptEntry is the memory that an entry leaves to the next one in its place.
const keptEntry = 256

const defaultTable = 4096 // RFC 9113 section 6.5.2

func (t *table) reset() {
	kept := 0
	for i := range t.ring {
		kept += cap(t.ring[i].text)
	}
	ring := t.ring
	if kept > maxTable/4 {
		ring = nil
	}
	*t = table{ring: ring, limit: defaultTable}
}

// at returns entry i, from 0; false when there are fewer.
func (t *table) at(i int) (name, value []byte, ok bool) {
	if i < 0 || i >= t.count {
		return nil, nil, false
	}
	e := &t.ring[(t.first+i)%len(t.ring)]
	return e.text[:e.name], e.text[e.name:], true
}

// resize sets the limit and gives up what is beyond it.
func (t *table) resize(limit int) {
	t.limit = min(limit, maxTable)
	t.evict(0)
}

func (t *table) evict(need int) {
	for t.count > 0 && t.size+need > t.limit {
		e := &t.ring[(t.first+t.count-1)%len(t.ring)]
		t.size -= e.size()
		t.count--
		if cap(e.text) > keptEntry {
			e.text = nil
		}
	}
}

// add puts a field in front. One that is longer than the table empties it
// (RFC 7541 section 4.4). Name may be of the table.
func (t *table) add(name, value []byte) {
	need := len(name) + len(value) + 32
	if need > t.limit {
		t.evict(t.limit + 1)
		return
	}
	if t.count == len(t.ring) {
		t.grow()
	}
	t.first = (t.first + len(t.ring) - 1) % len(t.ring)
	e := &t.ring[t.first]
	if cap(e.text) == 0 {
		e.text = make([]byte, 0, max(len(name)+len(value), 64))
	}
	e.text = append(append(e.text[:0], name...), value...)
	e.name = len(name)
	t.count++
	t.size += need
	// Last, since name may be of an entry that goes now.
	t.evict(0)
}

func (t *table) grow() {
	ring := make([]entry, max(16, 2*len(t.ring)))
	for i := range t.count {
		ring[i] = t.ring[(t.first+i)%len(t.ring)]
	}
	t.ring, t.first = ring, 0
}

// staticTable is RFC 7541 appendix A, from number 1.
var staticTable = [...][2]string{
	{":authority", ""}, {":method", "GET"}, {":method", "POST"}, {":path", "/"}, {":path", "/index.html"},
	{":scheme", "http"}, {":scheme", "https"}, {":status", "200"}, {":status", "204"}, {":status", "206"},
	{":status", "304"}, {":status", "400"}, {":status", "404"}, {":status", "500"}, {"accept-charset", ""},
	{"accept-encoding", "gzip, deflate"}, {"accept-language", ""}, {"accept-ranges", ""}, {"accept", ""},
	{"access-control-allow-origin", ""}, {"age", ""}, {"allow", ""}, {"authorization", ""}, {"cache-control", ""},
	{"content-disposition", ""}, {"content-encoding", ""}, {"content-language", ""}, {"content-length", ""},
	{"content-location", ""}, {"content-range", ""}, {"content-type", ""}, {"cookie", ""}, {"date", ""}, {"etag", ""},
	{"expect", ""}, {"expires", ""}, {"from", ""}, {"host", ""}, {"if-match", ""}, {"if-modified-since", ""},
	{"if-none-match", ""}, {"if-range", ""}, {"if-unmodified-since", ""}, {"last-modified", ""}, {"link", ""},
	{"location", ""}, {"max-forwards", ""}, {"proxy-authenticate", ""}, {"proxy-authorization", ""}, {"range", ""},
	{"referer", ""}, {"refresh", ""}, {"retry-after", ""}, {"server", ""}, {"set-cookie", ""},
	{"strict-transport-security", ""}, {"transfer-encoding", ""}, {"user-agent", ""}, {"vary", ""}, {"via", ""},
	{"www-authenticate", ""},
}

// staticBytes is the same for the decoder.
var staticBytes = func() (t [len(staticTable)][2][]byte) {
	for i, field := range staticTable {
		t[i] = [2][]byte{[]byte(field[0]), []byte(field[1])}
	}
	return t
}()

// lookup returns the field of an index (RFC 7541 section 2.3.3).
func (t *table) lookup(index uint64) (name, value []byte, ok bool) {
	switch {
	case index == 0:
		return nil, nil, false
	case index <= uint64(len(staticBytes)):
		field := &staticBytes[index-1]
		return field[0], field[1], true
	case index > maxTable:
		return nil, nil, false
	}
	return t.at(int(index) - len(staticBytes) - 1)
}
