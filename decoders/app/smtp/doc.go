// Package smtp parses mail submission and transfer: RFC 5321 with PIPELINING
// (2920), CHUNKING (3030), STARTTLS (3207) and AUTH (4954). The mails
// themselves are read by package mime, their attachments followed by package
// file.
//
//	client ──► state.go: lines ──► command.go ──► mail.go ──► mime ──► attachments ─► buffers.go (rules)
//	server ──► state.go: lines ──► reply.go  ──► queue of commands        └────────► record.go (events)
//
// A transaction is one mail with the commands that led to it, as in Suricata:
// it starts with the first command behind the mail before, and is complete when
// the mail is, when the server answers RSET, or when it agrees to STARTTLS.
//
// Mail text follows DATA at once, without waiting for the server's 354: no
// client may send anything else, and a capture that misses the reply is read all
// the same. A reply other than 354 takes it back. Mail in BDAT chunks is passed
// over unless Config.DecodeChunks is set; Suricata has no choice there.
//
// Ownership: what a transaction gives out is memory of its own and lives until
// the State's Release or Reset, streamed attachment data as app.Streamed says.
// Memory returns to the Parser, which one worker owns, and is used again.
//
// Hostile input: lines are read in pieces of at most 4,096 bytes; 256 live
// transactions, 4,096 commands without reply, 1,024 recipients and 64 KiB of
// their addresses, 64 attachments a mail; see package mime for the rest, and
// Stats for what was beyond. The
// events max_command_line_len_exceeded and max_reply_line_len_exceeded are
// never raised, as in Suricata since version 7: truncated_line says it.
package smtp
