// Package rfb parses the handshake of the Remote Framebuffer protocol, which
// VNC speaks (RFC 6143): version 3.3, 3.7, 3.8 and what counts itself later.
//
//	stream ──► state.go: whose turn it is ──► message.go: one message ──► Tx ──► buffers.go (rules), record.go (events)
//
// A session is one transaction. It tells the versions of both sides, the
// security type, the challenge and the response of VNC authentication, the
// result, and the desktop that the server shows; then it is complete. Keys,
// pointers and pictures, which follow, are passed over, and so is what follows
// a security type that is not read here, such as one that encrypts.
//
// Ownership: a transaction copies what it tells; that lives until the State's
// Release or Reset.
//
// Hostile input: of the name and of the reason of a refusal maxText bytes are
// kept and waited for; no other message is longer than 256 bytes. A side that
// speaks out of turn ends the parsing.
package rfb
