package ftp

// Command is a command of the control connection.
type Command uint8

// Commands that mean something to this package; the others of the table have
// numbers behind them.
const (
	CommandNone Command = iota
	CommandPort
	CommandEPRT
	CommandPASV
	CommandEPSV
	CommandRETR
	CommandSTOR
	CommandAPPE
	CommandSTOU
	CommandNLST
	CommandLIST
	CommandMLSD
	CommandAuthTLS
	commandOthers
)

// commandNames are the commands that make transactions: those of RFC 959 and
// its predecessors that Suricata's ftp.command knows.
var commandNames = [...]string{
	CommandPort: "PORT", CommandEPRT: "EPRT", CommandPASV: "PASV", CommandEPSV: "EPSV",
	CommandRETR: "RETR", CommandSTOR: "STOR", CommandAPPE: "APPE", CommandSTOU: "STOU",
	CommandNLST: "NLST", CommandLIST: "LIST", CommandMLSD: "MLSD", CommandAuthTLS: "AUTH TLS",
	commandOthers: "ABOR", "ACCT", "ALLO", "CDUP", "CHMOD", "CWD", "DELE", "HELP", "IDLE", "MAIL", "MDTM", "MKD",
	"MLFL", "MODE", "MRCP", "MRSQ", "MSAM", "MSND", "MSOM", "NOOP", "PASS", "PWD", "QUIT", "REIN", "REST", "RMD",
	"RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STRU", "SYST", "TYPE", "UMASK", "USER",
}

// String returns the command's name in events and rules; "" for CommandNone.
func (c Command) String() string {
	if int(c) < len(commandNames) {
		return commandNames[c]
	}
	return ""
}

// parseCommand reads a line. Its argument starts at argument, which is the
// length of the line when there is none.
func parseCommand(line []byte) (c Command, argument int) {
	end := 0
	for end < len(line) && line[end] != ' ' {
		end++
	}
	if equalFold(line[:end], "AUTH") && len(line) >= len("AUTH TLS") && equalFold(line[:len("AUTH TLS")], "AUTH TLS") {
		return CommandAuthTLS, len(line)
	}
	for i, name := range commandNames {
		if i > 0 && len(name) == end && equalFold(line[:end], name) {
			return Command(i), min(end+1, len(line))
		}
	}
	return CommandNone, len(line)
}

// equalFold compares with upper-case ASCII text, whatever the case of b.
func equalFold(b []byte, upper string) bool {
	if len(b) != len(upper) {
		return false
	}
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// named reports whether a transfer needs the name of a file.
func (c Command) named() bool { return c == CommandRETR || c == CommandSTOR || c == CommandAPPE }

// upload and download tell which way a transfer runs.
func (c Command) upload() bool { return c >= CommandSTOR && c <= CommandSTOU }
func (c Command) download() bool {
	return c == CommandRETR || c >= CommandNLST && c <= CommandMLSD
}

// negotiates reports that a command agrees on a data connection.
func (c Command) negotiates() bool { return c >= CommandPort && c <= CommandEPSV }

// active reports that a command has the server open the data connection.
func (c Command) active() bool { return c == CommandPort || c == CommandEPRT }
