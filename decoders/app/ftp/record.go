package ftp

// Record is a command with its replies as it is exported. Its bytes live until
// the State's Release or Reset.
type Record struct {
	Command     Command // CommandNone for a reply without command
	Data        []byte  // argument of the command; empty when there is none
	DataCut     bool    // the line was too long
	Codes       [][]byte
	Replies     [][]byte // lines without their codes
	ReplyCut    bool
	Port        uint16 // of the data connection that was agreed on; 0 is none
	Negotiates  bool   // the command is for agreeing on one; Active is valid
	Active      bool
	WasAnswered bool

	address [16]byte // memory of buffers
	command []byte
}

// Record returns the transaction for export.
func (t *Tx) Record() *Record {
	r := &t.record
	*r = Record{
		Command: t.command, Data: t.request[t.argument:], DataCut: t.requestCut, ReplyCut: t.replyCut,
		Port: t.port, Negotiates: t.command.negotiates(), Active: t.command.active(), WasAnswered: t.done && !t.unanswered,
		Codes: r.Codes[:0], Replies: r.Replies[:0], address: r.address, command: r.command,
	}
	for i := range t.replies {
		r.Replies = append(r.Replies, t.replyText(i))
		if l := t.replies[i]; l.coded {
			r.Codes = append(r.Codes, t.text[l.start:l.start+3])
		}
	}
	return r
}
