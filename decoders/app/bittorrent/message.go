package bittorrent

// Sizes of what peers tell of each other (BEP 5 section Contact Encoding, BEP
// 32).
const (
	idSize    = 20
	portSize  = 2
	peerSize4 = 4 + portSize
	peerSize6 = 16 + portSize
)

// message is what a datagram says. What points into it is nil when it is not
// there.
type message struct {
	kind          byte // q, r or e; 0 when it could not be read
	id, version   []byte
	query         []byte
	sender        []byte // of a query or response
	target        []byte
	hash          []byte
	token         []byte
	implied, port uint64
	hasImplied    bool
	hasPort       bool
	nodes, nodes6 []byte
	values        []byte // a list of peers
	code          uint64
	text          []byte // of an error
	hasCode       bool
}

// starts are what messages of the table begin with: the arguments of a query, a
// response, the address of who asked (BEP 42), an error.
var starts = [...]string{"d1:ad", "d1:rd", "d2:ip", "d1:el"}

// isMessage tells messages of the table from what else peers send.
func isMessage(data []byte) bool {
	for _, start := range starts {
		if len(data) > len(start) && string(data[:len(start)]) == start {
			return true
		}
	}
	return false
}

// read reads a message; false when it is malformed. What it says is then empty,
// unless its identifier is all that is missing.
func read(data []byte) (m message, ok bool) {
	kind, body, _ := next(data)
	d := dictionary{rest: body, bad: kind != 'd'}
	var what, arguments, response, failure []byte
	for {
		key, kind, value, more := d.pair()
		if !more {
			break
		}
		want := byte('s')
		switch string(key) {
		case "y":
			what = value
		case "q":
			m.query = value
		case "t":
			m.id = value
		case "v":
			m.version = value
		case "a":
			arguments, want = value, 'd'
		case "r":
			response, want = value, 'd'
		case "e":
			failure, want = value, 'l'
		default:
			continue
		}
		if kind != want {
			return message{}, false
		}
	}
	if d.bad || len(what) != 1 {
		return message{}, false
	}
	switch m.kind = what[0]; m.kind {
	case 'q':
		ok = m.query != nil && arguments != nil && m.arguments(arguments)
	case 'r':
		ok = response != nil && m.response(response)
	case 'e':
		ok = m.failure(failure)
	}
	if !ok {
		return message{}, false
	}
	return m, m.id != nil
}

// arguments reads those of a query.
func (m *message) arguments(body []byte) bool {
	d := dictionary{rest: body}
	for {
		key, kind, value, more := d.pair()
		if !more {
			return !d.bad && m.sender != nil
		}
		ok := true
		switch string(key) {
		case "id":
			m.sender, ok = value, kind == 's'
		case "target":
			m.target, ok = value, kind == 's'
		case "info_hash":
			m.hash, ok = value, kind == 's'
		case "token":
			m.token, ok = value, kind == 's'
		case "implied_port":
			m.implied, ok = number(value, 1<<8-1)
			m.hasImplied = true
			ok = ok && kind == 'i'
		case "port":
			m.port, ok = number(value, 1<<16-1)
			m.hasPort = true
			ok = ok && kind == 'i'
		}
		if !ok {
			return false
		}
	}
}

// response reads what a response has.
func (m *message) response(body []byte) bool {
	d := dictionary{rest: body}
	for {
		key, kind, value, more := d.pair()
		if !more {
			return !d.bad && m.sender != nil
		}
		ok := true
		switch string(key) {
		case "id":
			m.sender, ok = value, kind == 's'
		case "nodes":
			m.nodes, ok = value, kind == 's'
		case "nodes6":
			m.nodes6, ok = value, kind == 's'
		case "token":
			m.token, ok = value, kind == 's'
		case "values":
			if kind == 'l' {
				m.values, ok = value, arePeers(value)
			}
		}
		if !ok {
			return false
		}
	}
}

// arePeers reports that a list has peers alone.
func arePeers(list []byte) bool {
	for len(list) > 0 {
		kind, value, rest := next(list)
		if kind != 's' || len(value) < peerSize4 {
			return false
		}
		list = rest
	}
	return true
}

// failure reads what an error has: a number and a text.
func (m *message) failure(list []byte) bool {
	for len(list) > 0 {
		kind, value, rest := next(list)
		list = rest
		switch kind {
		case 'i':
			if m.code, m.hasCode = number(value, 1<<16-1); !m.hasCode {
				return false
			}
		case 's':
			m.text = value
		}
	}
	return m.hasCode && m.text != nil
}
