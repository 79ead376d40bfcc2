package app

import "spanwatch/decoders"

// Buffer names something of a transaction that rules can look at.
type Buffer uint16

// Event is an oddity that a protocol parser saw, as app-layer-event names it.
type Event uint16

// Buffers of the protocols that do not define their own (see FirstField), one
// block each. Instances of a multi buffer are numbered from 0.
const (
	BufferNone Buffer = iota

	DNSQuery          // dns.query: names asked, requests only
	DNSResponseRRName // dns.response.rrname: owner names and names in rdata

	HTTPMethod         // http.method
	HTTPURI            // http.uri, normalised; integer: its length (urilen, urilen:…,norm)
	HTTPURIRaw         // http.uri.raw; integer: its length (urilen:…,raw)
	HTTPHost           // http.host
	HTTPHostRaw        // http.host.raw
	HTTPUserAgent      // http.user_agent
	HTTPReferer        // http.referer
	HTTPAccept         // http.accept
	HTTPAcceptLang     // http.accept_lang
	HTTPAcceptEnc      // http.accept_enc
	HTTPRequestLine    // http.request_line
	HTTPRequestHeader  // http.request_header, one instance per header
	HTTPRequestBody    // http.request_body, streamed
	HTTPStatCode       // http.stat_code
	HTTPStatMsg        // http.stat_msg
	HTTPLocation       // http.location
	HTTPServer         // http.server
	HTTPResponseLine   // http.response_line
	HTTPResponseHeader // http.response_header, one instance per header
	HTTPResponseBody   // http.response_body, streamed

	// A certificate's texts and the fingerprints are made when first asked for.
	TLSSNI            // tls.sni: as sent, the server's name that the client wants
	TLSSubjectAltName // tls.subjectaltname: one name of the server's certificate an instance
	TLSCertChainLen   // integer: certificates that the server sent
	TLSCertNotBefore  // integer: seconds since 1970 as int64, of the server's certificate
	TLSCertNotAfter   // integer: seconds since 1970 as int64
	TLSSeen           // integer, bits of messages seen (ssl_state): 1 client hello, 2 server hello, 4 client key exchange, 8 server key exchange
	JA3Hash           // ja3.hash: 32 hexadecimal digits
	JA3String         // ja3.string
	JA3SHash          // ja3s.hash
	JA3SString        // ja3s.string
	JA4Hash           // ja4.hash

	SSHHassh             // ssh.hassh: 32 hexadecimal digits
	SSHHasshString       // ssh.hassh.string
	SSHHasshServer       // ssh.hassh.server
	SSHHasshServerString // ssh.hassh.server.string

	FTPCommand        // ftp.command
	FTPCommandData    // ftp.command_data
	FTPReply          // ftp.reply: text behind the code, one instance a line
	FTPCompletionCode // ftp.completion_code: three digits, one instance a line
	FTPMode           // integer: 1 active, 2 passive (ftp.mode)
	FTPDynamicPort    // integer: port of the data connection (ftp.dynamic_port)
	FTPReplyReceived  // integer: 1 when a reply came (ftp.reply_received)
	FTPPortAddress    // address that PORT or EPRT names, 4 or 16 bytes (ftpbounce)
	FTPDataCommand    // integer: what opened the data connection (ftpdata_command), see package ftp

	SMTPHelo       // smtp.helo
	SMTPMailFrom   // smtp.mail_from
	SMTPRcptTo     // smtp.rcpt_to: one recipient an instance
	EmailFrom      // email.from
	EmailTo        // email.to
	EmailCc        // email.cc
	EmailSubject   // email.subject
	EmailDate      // email.date
	EmailMessageID // email.message_id
	EmailXMailer   // email.x_mailer
	EmailReceived  // email.received: one header an instance
	EmailURL       // email.url: one address found in the text an instance

	// Of DCE/RPC, by itself or in named pipes of SMB.
	DCEInterface // dcerpc.iface: UUID, major version (2 bytes), 1 when asked for in a first fragment; one that the call can be meant for an instance
	DCEOpnum     // integer (dcerpc.opnum)
	DCELittle    // integer: 1 when numbers of the call are little-endian (byte_test:…,dce)

	// From here to lastBothWays, buffers come in two: what the client sent,
	// then what the server did. Rules name both alike; see In.
	DNSQueriesRRName // dns.queries.rrname: names asked
	dnsQueriesRRNameToClient
	DNSAnswersRRName // dns.answers.rrname
	dnsAnswersRRNameToClient
	DNSAuthoritiesRRName // dns.authorities.rrname
	dnsAuthoritiesRRNameToClient
	DNSAdditionalsRRName // dns.additionals.rrname
	dnsAdditionalsRRNameToClient
	DNSOpcode // integer
	dnsOpcodeToClient
	DNSRcode // integer
	dnsRcodeToClient
	DNSRRType // integer, one instance per record
	dnsRRTypeToClient

	HTTPHeader // http.header
	httpHeaderToClient
	HTTPHeaderRaw // http.header.raw
	httpHeaderRawToClient
	HTTPHeaderNames // http.header_names
	httpHeaderNamesToClient
	HTTPCookie // http.cookie
	httpCookieToClient
	HTTPProtocol // http.protocol
	httpProtocolToClient
	HTTPStart // http.start
	httpStartToClient
	HTTPConnection // http.connection
	httpConnectionToClient
	HTTPContentLen // http.content_len
	httpContentLenToClient
	HTTPContentType // http.content_type
	httpContentTypeToClient

	FileData // file.data of any protocol, streamed, one instance per file
	fileDataToClient
	FileName // file.name, filename, fileext, one instance per file
	fileNameToClient
	FileMagic // file.magic, filemagic
	fileMagicToClient
	FileMD5 // filemd5: 32 hexadecimal digits, once the file is complete
	fileMD5ToClient
	FileSHA1 // filesha1: 40 digits
	fileSHA1ToClient
	FileSHA256 // filesha256: 64 digits
	fileSHA256ToClient
	FileSize // filesize, integer: bytes so far; see also FileClosed
	fileSizeToClient
	FileClosed // integer: 1 when the file is complete, 0 while it may grow or was cut
	fileClosedToClient

	TLSALPN // tls.alpn: one protocol an instance, wanted by the client or chosen by the server
	tlsALPNToClient
	TLSRandom // tls.random: 32 bytes
	tlsRandomToClient
	TLSRandomTime // tls.random_time: its first 4 bytes
	tlsRandomTimeToClient
	TLSRandomBytes // tls.random_bytes: its other 28 bytes
	tlsRandomBytesToClient
	TLSVersion // integer: version as on the wire, 0x0303 for TLS 1.2, 0x0002 for SSL 2
	tlsVersionToClient
	TLSCertSubject // tls.cert_subject: of the certificate that this side sent
	tlsCertSubjectToClient
	TLSCertIssuer // tls.cert_issuer
	tlsCertIssuerToClient
	TLSCertSerial // tls.cert_serial: upper-case hexadecimal with colons
	tlsCertSerialToClient
	TLSCertFingerprint // tls.cert_fingerprint: SHA-1, lower-case hexadecimal with colons
	tlsCertFingerprintToClient
	TLSCerts // tls.certs: DER, one certificate an instance
	tlsCertsToClient

	SSHProto // ssh.proto: protocol version of the banner
	sshProtoToClient
	SSHSoftware // ssh.software: software version of the banner
	sshSoftwareToClient

	DCEStubData // dcerpc.stub_data
	dceStubDataToClient

	BufferCount // number of buffers, BufferNone included
)

const (
	firstBothWays = DNSQueriesRRName
	lastBothWays  = dceStubDataToClient
)

// In returns the buffer that rules mean by b in direction dir. Only buffers
// that exist in both directions under one name differ; the constant by itself
// is the client's.
func (b Buffer) In(dir decoders.Direction) Buffer {
	switch {
	case b >= FirstPair:
		return b&^1 | Buffer(dir&1)
	case b >= firstBothWays && b <= lastBothWays:
		return (b-firstBothWays)&^1 + firstBothWays + Buffer(dir&1)
	}
	return b
}

// OfDNS says whether b is a buffer of a DNS message, and of which side's where
// one transaction has both: HTTP/2 that carries DNS.
func (b Buffer) OfDNS() (dir decoders.Direction, ok bool) {
	switch {
	case b == DNSQuery:
		return decoders.ToServer, true
	case b == DNSResponseRRName:
		return decoders.ToClient, true
	case b >= DNSQueriesRRName && b <= dnsRRTypeToClient:
		return decoders.Direction(b-firstBothWays) & 1, true
	}
	return 0, false
}

// Events of the protocols that do not name their own (see FirstEvent), named
// like Suricata's app-layer-event.
const (
	EventNone Event = iota
	EventDNSUnsolicitedResponse
	EventDNSMalformedData
	EventDNSNotARequest
	EventDNSNotAResponse
	EventDNSZFlagSet
	EventDNSInvalidOpcode
	EventDNSNameTooLong
	EventDNSInfiniteLoop
	EventDNSTooManyLabels
	EventDNSInvalidAdditionals
	EventDNSInvalidAuthorities

	EventHTTPUnknownError
	EventHTTPGzipDecompressionFailed
	EventHTTPRequestFieldMissingColon
	EventHTTPResponseFieldMissingColon
	EventHTTPInvalidRequestChunkLen
	EventHTTPInvalidResponseChunkLen
	EventHTTPInvalidTransferEncodingValueInRequest
	EventHTTPInvalidTransferEncodingValueInResponse
	EventHTTPInvalidContentLengthFieldInRequest
	EventHTTPInvalidContentLengthFieldInResponse
	EventHTTPDuplicateContentLengthFieldInRequest
	EventHTTPDuplicateContentLengthFieldInResponse
	EventHTTPContinueAlreadySeen
	EventHTTPUnableToMatchResponseToRequest
	EventHTTPInvalidServerPortInRequest
	EventHTTPInvalidAuthorityPort
	EventHTTPRequestHeaderInvalid
	EventHTTPResponseHeaderInvalid
	EventHTTPMissingHostHeader
	EventHTTPHostHeaderAmbiguous
	EventHTTPInvalidRequestFieldFolding
	EventHTTPInvalidResponseFieldFolding
	EventHTTPRequestFieldTooLong
	EventHTTPResponseFieldTooLong
	EventHTTPRequestLineInvalid
	EventHTTPRequestLineMissingProtocol
	EventHTTPRequestLineIncomplete
	EventHTTPRequestLineLeadingWhitespace
	EventHTTPRequestLineUnknownMethod
	EventHTTPRequestLineUnknownMethodNoProtocol
	EventHTTPRequestLineUnknownMethodInvalidProtocol
	EventHTTPRequestBodyUnexpected
	EventHTTPResponseBodyUnexpected
	EventHTTPRequestServerPortTCPPortMismatch
	EventHTTPRequestURIHostInvalid
	EventHTTPRequestHeaderHostInvalid
	EventHTTPRequestAuthUnrecognized
	EventHTTPRequestHeaderRepetition
	EventHTTPResponseHeaderRepetition
	EventHTTPRequestInvalidEmptyName
	EventHTTPResponseInvalidEmptyName
	EventHTTPRequestInvalidLWSAfterName
	EventHTTPResponseInvalidLWSAfterName
	EventHTTPResponseHeaderNameNotToken
	EventHTTPRequestTooManyHeaders
	EventHTTPResponseTooManyHeaders
	EventHTTPRequestChunkExtension
	EventHTTPResponseChunkExtension
	EventHTTPDoubleEncodedURI
	EventHTTPMethodDelimNonCompliant
	EventHTTPURIDelimNonCompliant
	EventHTTPResponseLineInvalidProtocol
	EventHTTPResponseLineInvalidResponseStatus
	EventHTTPProtocolContainsExtraData
	EventHTTPContentLengthExtraDataStart
	EventHTTPContentLengthExtraDataEnd
	EventHTTPSwitchingProtoWithContentLength
	EventHTTPDeformedEOL
	EventHTTPTooManyEncodingLayers
	EventHTTPRequestTooManyLZMALayers
	EventHTTPResponseTooManyLZMALayers
	EventHTTPAbnormalCEHeader
	EventHTTPResponseMultipartByteranges
	EventHTTPResponseAbnormalTransferEncoding
	EventHTTPResponseChunkedOldProto
	EventHTTPLZMAMemlimitReached
	EventHTTPCompressionBomb
	EventHTTPMultipartGenericError
	EventHTTPMultipartNoFiledata
	EventHTTPMultipartInvalidHeader
	EventHTTPTooManyWarnings
	EventHTTPRangeInvalid
	EventHTTPFileNameTooLong
	EventHTTPFailedProtocolChange

	EventTLSInvalidSSLv2Header
	EventTLSInvalidTLSHeader
	EventTLSInvalidRecordVersion
	EventTLSInvalidRecordType
	EventTLSInvalidRecordLength
	EventTLSInvalidHandshakeMessage
	EventTLSHeartbeatMessage
	EventTLSInvalidHeartbeatMessage
	EventTLSOverflowHeartbeatMessage
	EventTLSDataleakHeartbeatMismatch
	EventTLSHandshakeInvalidLength
	EventTLSMultipleSNIExtensions
	EventTLSInvalidSNIType
	EventTLSInvalidSNILength
	EventTLSTooManyRecordsInPacket
	EventTLSInvalidAlert
	EventTLSInvalidCertificate
	EventTLSCertificateInvalidLength
	EventTLSCertificateInvalidVersion
	EventTLSCertificateInvalidSerial
	EventTLSCertificateInvalidAlgorithmIdentifier
	EventTLSCertificateInvalidX509Name
	EventTLSCertificateInvalidDate
	EventTLSCertificateInvalidExtensions
	EventTLSCertificateInvalidDER
	EventTLSCertificateInvalidSubject
	EventTLSCertificateInvalidIssuer
	EventTLSCertificateInvalidValidity
	EventTLSErrorMessageEncountered
	EventTLSInvalidSSLRecord
	EventTLSTooManySubjectAlternativeNames

	EventSSHInvalidBanner
	EventSSHLongBanner
	EventSSHInvalidRecord
	EventSSHLongKexRecord

	EventFTPRequestCommandTooLong
	EventFTPResponseCommandTooLong
	EventFTPTooManyTransactions
	EventFTPFileBeforePort
	EventFTPFileWithoutName

	EventSMTPInvalidReply
	EventSMTPUnableToMatchReplyWithRequest
	EventSMTPMaxCommandLineLenExceeded
	EventSMTPMaxReplyLineLenExceeded
	EventSMTPInvalidPipelinedSequence
	EventSMTPBDATChunkLenExceeded
	EventSMTPNoServerWelcomeMessage
	EventSMTPTLSRejected
	EventSMTPDataCommandRejected
	EventSMTPFailedProtocolChange
	EventSMTPTooManyTransactions
	EventSMTPMIMEParseFailed
	EventSMTPMIMEMalformedMsg
	EventSMTPMIMEInvalidBase64
	EventSMTPMIMEInvalidQP
	EventSMTPMIMELongLine
	EventSMTPMIMELongEncLine
	EventSMTPMIMELongHeaderName
	EventSMTPMIMELongHeaderValue
	EventSMTPMIMELongBoundary
	EventSMTPMIMELongFilename
	EventSMTPDuplicateFields
	EventSMTPUnparsableContent
	EventSMTPTruncatedLine
	EventSMTPInvalidBDAT

	EventCount // number of events, EventNone included
)

var eventNames = [EventCount]string{
	EventDNSUnsolicitedResponse: "unsolicited_response",
	EventDNSMalformedData:       "malformed_data",
	EventDNSNotARequest:         "not_a_request",
	EventDNSNotAResponse:        "not_a_response",
	EventDNSZFlagSet:            "z_flag_set",
	EventDNSInvalidOpcode:       "invalid_opcode",
	EventDNSNameTooLong:         "name_too_long",
	EventDNSInfiniteLoop:        "infinite_loop",
	EventDNSTooManyLabels:       "too_many_labels",
	EventDNSInvalidAdditionals:  "invalid_additionals",
	EventDNSInvalidAuthorities:  "invalid_authorities",

	EventHTTPUnknownError:                            "unknown_error",
	EventHTTPGzipDecompressionFailed:                 "gzip_decompression_failed",
	EventHTTPRequestFieldMissingColon:                "request_field_missing_colon",
	EventHTTPResponseFieldMissingColon:               "response_field_missing_colon",
	EventHTTPInvalidRequestChunkLen:                  "invalid_request_chunk_len",
	EventHTTPInvalidResponseChunkLen:                 "invalid_response_chunk_len",
	EventHTTPInvalidTransferEncodingValueInRequest:   "invalid_transfer_encoding_value_in_request",
	EventHTTPInvalidTransferEncodingValueInResponse:  "invalid_transfer_encoding_value_in_response",
	EventHTTPInvalidContentLengthFieldInRequest:      "invalid_content_length_field_in_request",
	EventHTTPInvalidContentLengthFieldInResponse:     "invalid_content_length_field_in_response",
	EventHTTPDuplicateContentLengthFieldInRequest:    "duplicate_content_length_field_in_request",
	EventHTTPDuplicateContentLengthFieldInResponse:   "duplicate_content_length_field_in_response",
	EventHTTPContinueAlreadySeen:                     "continue_already_seen",
	EventHTTPUnableToMatchResponseToRequest:          "unable_to_match_response_to_request",
	EventHTTPInvalidServerPortInRequest:              "invalid_server_port_in_request",
	EventHTTPInvalidAuthorityPort:                    "invalid_authority_port",
	EventHTTPRequestHeaderInvalid:                    "request_header_invalid",
	EventHTTPResponseHeaderInvalid:                   "response_header_invalid",
	EventHTTPMissingHostHeader:                       "missing_host_header",
	EventHTTPHostHeaderAmbiguous:                     "host_header_ambiguous",
	EventHTTPInvalidRequestFieldFolding:              "invalid_request_field_folding",
	EventHTTPInvalidResponseFieldFolding:             "invalid_response_field_folding",
	EventHTTPRequestFieldTooLong:                     "request_field_too_long",
	EventHTTPResponseFieldTooLong:                    "response_field_too_long",
	EventHTTPRequestLineInvalid:                      "request_line_invalid",
	EventHTTPRequestLineMissingProtocol:              "request_line_missing_protocol",
	EventHTTPRequestLineIncomplete:                   "request_line_incomplete",
	EventHTTPRequestLineLeadingWhitespace:            "request_line_leading_whitespace",
	EventHTTPRequestLineUnknownMethod:                "request_line_unknown_method",
	EventHTTPRequestLineUnknownMethodNoProtocol:      "request_line_unknown_method_no_protocol",
	EventHTTPRequestLineUnknownMethodInvalidProtocol: "request_line_unknown_method_invalid_protocol",
	EventHTTPRequestBodyUnexpected:                   "request_body_unexpected",
	EventHTTPResponseBodyUnexpected:                  "response_body_unexpected",
	EventHTTPRequestServerPortTCPPortMismatch:        "request_server_port_tcp_port_mismatch",
	EventHTTPRequestURIHostInvalid:                   "request_uri_host_invalid",
	EventHTTPRequestHeaderHostInvalid:                "request_header_host_invalid",
	EventHTTPRequestAuthUnrecognized:                 "request_auth_unrecognized",
	EventHTTPRequestHeaderRepetition:                 "request_header_repetition",
	EventHTTPResponseHeaderRepetition:                "response_header_repetition",
	EventHTTPRequestInvalidEmptyName:                 "request_invalid_empty_name",
	EventHTTPResponseInvalidEmptyName:                "response_invalid_empty_name",
	EventHTTPRequestInvalidLWSAfterName:              "request_invalid_lws_after_name",
	EventHTTPResponseInvalidLWSAfterName:             "response_invalid_lws_after_name",
	EventHTTPResponseHeaderNameNotToken:              "response_header_name_not_token",
	EventHTTPRequestTooManyHeaders:                   "request_too_many_headers",
	EventHTTPResponseTooManyHeaders:                  "response_too_many_headers",
	EventHTTPRequestChunkExtension:                   "request_chunk_extension",
	EventHTTPResponseChunkExtension:                  "response_chunk_extension",
	EventHTTPDoubleEncodedURI:                        "double_encoded_uri",
	EventHTTPMethodDelimNonCompliant:                 "method_delim_non_compliant",
	EventHTTPURIDelimNonCompliant:                    "uri_delim_non_compliant",
	EventHTTPResponseLineInvalidProtocol:             "response_line_invalid_protocol",
	EventHTTPResponseLineInvalidResponseStatus:       "response_line_invalid_response_status",
	EventHTTPProtocolContainsExtraData:               "protocol_contains_extra_data",
	EventHTTPContentLengthExtraDataStart:             "content_length_extra_data_start",
	EventHTTPContentLengthExtraDataEnd:               "content_length_extra_data_end",
	EventHTTPSwitchingProtoWithContentLength:         "switching_proto_with_content_length",
	EventHTTPDeformedEOL:                             "deformed_eol",
	EventHTTPTooManyEncodingLayers:                   "too_many_encoding_layers",
	EventHTTPRequestTooManyLZMALayers:                "request_too_many_lzma_layers",
	EventHTTPResponseTooManyLZMALayers:               "response_too_many_lzma_layers",
	EventHTTPAbnormalCEHeader:                        "abnormal_ce_header",
	EventHTTPResponseMultipartByteranges:             "response_multipart_byteranges",
	EventHTTPResponseAbnormalTransferEncoding:        "response_abnormal_transfer_encoding",
	EventHTTPResponseChunkedOldProto:                 "response_chunked_old_proto",
	EventHTTPLZMAMemlimitReached:                     "lzma_memlimit_reached",
	EventHTTPCompressionBomb:                         "compression_bomb",
	EventHTTPMultipartGenericError:                   "multipart_generic_error",
	EventHTTPMultipartNoFiledata:                     "multipart_no_filedata",
	EventHTTPMultipartInvalidHeader:                  "multipart_invalid_header",
	EventHTTPTooManyWarnings:                         "too_many_warnings",
	EventHTTPRangeInvalid:                            "range_invalid",
	EventHTTPFileNameTooLong:                         "file_name_too_long",
	EventHTTPFailedProtocolChange:                    "failed_protocol_change",

	EventTLSInvalidSSLv2Header:                    "invalid_sslv2_header",
	EventTLSInvalidTLSHeader:                      "invalid_tls_header",
	EventTLSInvalidRecordVersion:                  "invalid_record_version",
	EventTLSInvalidRecordType:                     "invalid_record_type",
	EventTLSInvalidRecordLength:                   "invalid_record_length",
	EventTLSInvalidHandshakeMessage:               "invalid_handshake_message",
	EventTLSHeartbeatMessage:                      "heartbeat_message",
	EventTLSInvalidHeartbeatMessage:               "invalid_heartbeat_message",
	EventTLSOverflowHeartbeatMessage:              "overflow_heartbeat_message",
	EventTLSDataleakHeartbeatMismatch:             "dataleak_heartbeat_mismatch",
	EventTLSHandshakeInvalidLength:                "handshake_invalid_length",
	EventTLSMultipleSNIExtensions:                 "multiple_sni_extensions",
	EventTLSInvalidSNIType:                        "invalid_sni_type",
	EventTLSInvalidSNILength:                      "invalid_sni_length",
	EventTLSTooManyRecordsInPacket:                "too_many_records_in_packet",
	EventTLSInvalidAlert:                          "invalid_alert",
	EventTLSInvalidCertificate:                    "invalid_certificate",
	EventTLSCertificateInvalidLength:              "certificate_invalid_length",
	EventTLSCertificateInvalidVersion:             "certificate_invalid_version",
	EventTLSCertificateInvalidSerial:              "certificate_invalid_serial",
	EventTLSCertificateInvalidAlgorithmIdentifier: "certificate_invalid_algorithmidentifier",
	EventTLSCertificateInvalidX509Name:            "certificate_invalid_x509name",
	EventTLSCertificateInvalidDate:                "certificate_invalid_date",
	EventTLSCertificateInvalidExtensions:          "certificate_invalid_extensions",
	EventTLSCertificateInvalidDER:                 "certificate_invalid_der",
	EventTLSCertificateInvalidSubject:             "certificate_invalid_subject",
	EventTLSCertificateInvalidIssuer:              "certificate_invalid_issuer",
	EventTLSCertificateInvalidValidity:            "certificate_invalid_validity",
	EventTLSErrorMessageEncountered:               "error_message_encountered",
	EventTLSInvalidSSLRecord:                      "invalid_ssl_record",
	EventTLSTooManySubjectAlternativeNames:        "too_many_subject_alternative_names",

	EventSSHInvalidBanner: "invalid_banner",
	EventSSHLongBanner:    "long_banner",
	EventSSHInvalidRecord: "invalid_record",
	EventSSHLongKexRecord: "long_kex_record",

	EventFTPRequestCommandTooLong:  "request_command_too_long",
	EventFTPResponseCommandTooLong: "response_command_too_long",
	EventFTPTooManyTransactions:    "too_many_transactions",
	EventFTPFileBeforePort:         "file_before_port",
	EventFTPFileWithoutName:        "file_without_name",

	EventSMTPInvalidReply:                  "invalid_reply",
	EventSMTPUnableToMatchReplyWithRequest: "unable_to_match_reply_with_request",
	EventSMTPMaxCommandLineLenExceeded:     "max_command_line_len_exceeded",
	EventSMTPMaxReplyLineLenExceeded:       "max_reply_line_len_exceeded",
	EventSMTPInvalidPipelinedSequence:      "invalid_pipelined_sequence",
	EventSMTPBDATChunkLenExceeded:          "bdat_chunk_len_exceeded",
	EventSMTPNoServerWelcomeMessage:        "no_server_welcome_message",
	EventSMTPTLSRejected:                   "tls_rejected",
	EventSMTPDataCommandRejected:           "data_command_rejected",
	EventSMTPFailedProtocolChange:          "failed_protocol_change",
	EventSMTPTooManyTransactions:           "too_many_transactions",
	EventSMTPMIMEParseFailed:               "mime_parse_failed",
	EventSMTPMIMEMalformedMsg:              "mime_malformed_msg",
	EventSMTPMIMEInvalidBase64:             "mime_invalid_base64",
	EventSMTPMIMEInvalidQP:                 "mime_invalid_qp",
	EventSMTPMIMELongLine:                  "mime_long_line",
	EventSMTPMIMELongEncLine:               "mime_long_enc_line",
	EventSMTPMIMELongHeaderName:            "mime_long_header_name",
	EventSMTPMIMELongHeaderValue:           "mime_long_header_value",
	EventSMTPMIMELongBoundary:              "mime_long_boundary",
	EventSMTPMIMELongFilename:              "mime_long_filename",
	EventSMTPDuplicateFields:               "duplicate_fields",
	EventSMTPUnparsableContent:             "unparsable_content",
	EventSMTPTruncatedLine:                 "truncated_line",
	EventSMTPInvalidBDAT:                   "invalid_bdat",
}

// String returns the event's name within its protocol, as in anomaly events
// and behind the dot of app-layer-event.
func (e Event) String() string {
	if e < EventCount {
		return eventNames[e]
	}
	return e.ownName()
}
