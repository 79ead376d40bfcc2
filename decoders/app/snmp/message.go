package snmp

// PDUs, by their tag (RFC 3416 section 3).
const (
	trapV1 = 4
	report = 8
)

// Versions, as they are told: on the wire they are 0, 1 and 3.
const (
	version1 = 1
	version2 = 2
	version3 = 3
)

// usmModel is the user-based security model (RFC 3411 section 5).
const usmModel = 3

// encryptedFlag of msgFlags (RFC 3412 section 6.4).
const encryptedFlag = 2

// versionOf reads the start of a message.
func versionOf(data []byte) (version uint32, ok bool) {
	r := reader{rest: data}
	message := reader{rest: r.want(tagSequence)}
	n := message.integer()
	switch {
	case r.bad || message.bad:
		return 0, false
	case n == 0 || n == 1:
		return uint32(n + 1), true
	}
	return uint32(n), n == version3
}

// parse reads the message in t.raw.
func (t *Tx) parse() bool {
	r := reader{rest: t.raw}
	message := r.sequence(tagSequence)
	message.integer() // version
	if t.version == version3 {
		t.parseV3(&message)
	} else {
		t.community = message.want(tagOctets)
		t.parsePDU(&message)
	}
	return !message.bad
}

func (t *Tx) parseV3(r *reader) {
	head := r.sequence(tagSequence)
	head.integer() // identifier
	head.integer() // most octets that the sender takes
	flags := head.want(tagOctets)
	model := head.integer()
	security := r.want(tagOctets)
	if head.bad || len(flags) != 1 || r.bad {
		r.bad = true
		return
	}
	if model == usmModel {
		parameters := reader{rest: security}
		usm := parameters.sequence(tagSequence)
		usm.want(tagOctets) // engine
		usm.integer()       // its boots
		usm.integer()       // its time
		t.user = usm.want(tagOctets)
		if usm.bad {
			r.bad = true
			return
		}
	} else {
		t.events.Add(EventUnknownSecurityModel)
	}
	if flags[0]&encryptedFlag != 0 {
		t.encrypted = true
		r.want(tagOctets)
		return
	}
	scoped := r.sequence(tagSequence)
	scoped.want(tagOctets) // engine
	scoped.want(tagOctets) // context
	t.parsePDU(&scoped)
	r.bad = scoped.bad
}

func (t *Tx) parsePDU(r *reader) {
	tag, content := r.next()
	if r.bad || tag < tagPDU || tag > tagPDU+report {
		r.bad = true
		return
	}
	t.hasPDU, t.pdu = true, tag-tagPDU
	pdu := reader{rest: content}
	if t.pdu == trapV1 {
		t.parseTrap(&pdu)
	} else {
		pdu.integer() // identifier
		status := pdu.integer()
		pdu.integer() // index of the error
		if !bulk(t.pdu) {
			t.status = status
		}
	}
	t.parseVariables(&pdu)
	r.bad = pdu.bad
}

// bulk reports that a PDU has a count of repetitions where others have their
// status.
func bulk(pdu uint8) bool { return pdu == 5 }

// parseTrap reads what traps of version 1 have (RFC 1157 section 4.1.6).
func (t *Tx) parseTrap(r *reader) {
	enterprise := r.want(tagOID)
	t.agent = r.want(tagAddress)
	t.trap = r.integer()
	r.integer() // specific
	r.next()    // time
	var ok bool
	start := len(t.text)
	if t.text, ok = appendOID(t.text, enterprise); !ok || len(t.agent) != 4 {
		r.bad = true
	}
	t.enterprise = [2]int{start, len(t.text)}
}

func (t *Tx) parseVariables(r *reader) {
	list := r.sequence(tagSequence)
	for len(list.rest) > 0 && !list.bad {
		variable := list.sequence(tagSequence)
		_, name := variable.next() // whatever it says to be
		variable.next()            // value
		var ok bool
		start := len(t.text)
		if t.text, ok = appendOID(t.text, name); !ok || variable.bad {
			list.bad = true
			break
		}
		t.variables = append(t.variables, [2]int{start, len(t.text)})
	}
	r.bad = r.bad || list.bad
}
