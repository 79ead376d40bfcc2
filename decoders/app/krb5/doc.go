// Package krb5 parses Kerberos 5 (RFC 4120), over UDP and TCP.
//
//	stream or datagram ──► state.go: messages ──► message.go: principals, realm, encryption ──► Tx
//	                                          buffers.go (rules), record.go (events) ◄──────────┘
//
// Each message of a client with its key distribution centre is a transaction
// of its own: AS-REQ, AS-REP, TGS-REQ, TGS-REP and KRB-ERROR, which also says
// what kind of request it refuses. Messages between a client and a service
// (AP-REQ and so on) are passed over.
//
// Ownership: a transaction copies what it tells; that lives until the State's
// Release or Reset.
//
// Hostile input: a message longer than maxMessage ends the parsing; principals
// have at most maxNames parts; a flow has at most maxTxs live transactions.
package krb5
