// Package bittorrent parses the distributed hash table by which peers of
// BitTorrent find each other (BEP 5, with the IPv6 of BEP 32).
//
//	datagram ──► bencode.go: dictionaries, lists ──► message.go: query, response, error ──► Tx: one message
//	                                                                record.go (events) ◄────┘
//
// Every message is a transaction of its own. What else peers send between the
// same ports, such as uTP, is passed over.
//
// Ownership: a transaction keeps a copy of its datagram; it lives until the
// State's Release or Reset.
//
// Hostile input: values nest at most maxDepth deep, and nothing follows them by
// recursion; of a message that cannot be read there is an event and nothing
// else. A flow has maxTxs live transactions.
package bittorrent
