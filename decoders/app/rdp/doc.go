// Package rdp parses how a session of the Remote Desktop Protocol is opened
// ([MS-RDPBCGR] section 1.3.1.1), up to where the session itself begins: the
// negotiation, what client and server say of themselves, and the certificates
// of the TLS that most sessions change to.
//
//	stream ──► state.go: TPKT or TLS records ──► Tx: one message
//	               message.go: X.224, MCS        │
//	               client.go: of the client      └──► record.go (events)
//	               names.go, locale.go: numbers by name
//
// A flow that changes to TLS goes on being RDP. Behind the server's
// certificates, or its consent to the client's settings, nothing is parsed.
//
// Ownership: a transaction keeps a copy of what its record tells of; it lives
// until the State's Release or Reset.
//
// Hostile input: a message is at most 64 KiB long, by its own length. Of TLS,
// messages of the handshake up to maxHandshake are put together. A flow has
// maxTxs live transactions.
package rdp
