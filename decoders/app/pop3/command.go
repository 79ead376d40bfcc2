package pop3

import "bytes"

// command is what is known of one.
type command struct {
	name        string
	least, most int  // arguments
	lines       uint // in its response: linesNever and so on
}

// When a response that is not an error has several lines (RFC 1939 section 3).
const (
	linesNever uint = iota
	linesAlways
	linesAlone  // unless the command has arguments
	linesOfMail // always, and they are not kept
)

const anyNumber = 1 << 16

// commands are those of RFC 1939, 2449, 2595, 5034 and 6856. SASL is a
// capability that some clients take for one.
var commands = [...]command{
	{"QUIT", 0, 0, linesNever}, {"STAT", 0, 0, linesNever}, {"LIST", 0, 1, linesAlone}, {"RETR", 1, 1, linesOfMail},
	{"DELE", 1, 1, linesNever}, {"NOOP", 0, 0, linesNever}, {"RSET", 0, 0, linesNever}, {"TOP", 2, 2, linesAlways},
	{"UIDL", 0, 1, linesAlone}, {"USER", 1, 1, linesNever}, {"PASS", 1, 1, linesNever}, {"APOP", 2, 2, linesNever},
	{"CAPA", 0, 0, linesAlways}, {"STLS", 0, 0, linesNever}, {"AUTH", 1, 2, linesAlone}, {"SASL", 1, anyNumber, linesNever},
	{"LANG", 0, 1, linesAlone}, {"UTF8", 0, 0, linesNever},
}

// find returns a command by its name, in either case; nil when there is none.
func find(name []byte) *command {
	for i := range commands {
		if len(name) == len(commands[i].name) && bytes.EqualFold(name, []byte(commands[i].name)) {
			return &commands[i]
		}
	}
	return nil
}

// cutWord cuts the first word off a line. Words are separated by single spaces
// and more.
func cutWord(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, nil
}

// isName reports that a word has letters and digits alone, as names have.
func isName(word []byte) bool {
	for _, c := range word {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z') {
			return false
		}
	}
	return len(word) > 0
}

// Starts of responses (RFC 1939 section 3; a challenge: RFC 5034 section 4).
var (
	statusOK    = []byte("+OK")
	statusError = []byte("-ERR")
	challenge   = []byte("+ ")
)

// response takes the first line of a response apart; false when it is none.
// more says that the server asks for a line of SASL.
func response(line []byte) (success, more bool, header []byte, ok bool) {
	if asked, found := bytes.CutPrefix(line, challenge); found {
		return true, true, asked, true
	}
	status := line
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		status, header = line[:i], line[i+1:]
	}
	success = bytes.EqualFold(status, statusOK)
	return success, false, header, success || bytes.EqualFold(status, statusError)
}
