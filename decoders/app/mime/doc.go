// Package mime reads a mail while it passes: headers, multipart bodies,
// transfer encodings and addresses in the text (RFC 5322, 2045 to 2047, 2231).
//
//	line of the mail ──► Message.Line ──► Step: attachment opens, data, closes
//	(any protocol)            │
//	                          └──► header fields, attachment names, URLs, oddities
//
// The caller cuts the mail into lines and says when it ends; nothing of the
// body is kept. Input lines are borrowed until Line returns. Header fields,
// names and URLs are copied into memory of the Message, which Reset uses again
// and which is bounded; decoded data is borrowed until the next call. A Message
// is used by one goroutine.
//
// Names and values are those that Suricata 8 reports, so that its rules match:
// encoded words (RFC 2047) stay as sent unless Config.DecodeNames is set.
//
// Bounds: 16 nested multiparts and as many enclosed mails, beyond which a part
// is taken as it is, with the oddity Malformed; 8 KiB a header field, 64 KiB and
// 256 in number of fields, of names and of URLs, beyond which Dropped counts.
package mime
