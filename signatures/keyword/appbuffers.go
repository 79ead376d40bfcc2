package keyword

import (
	"spanwatch/decoders/app"
)

// httpProtos are the versions of HTTP.
var httpProtos = Protos(app.ProtoHTTP, app.ProtoHTTP2)

// appSources is the table of the buffers of transactions, a block for each
// protocol that does not define them in its own folder (app.Definition).
func appSources() []Source {
	var table []Source
	add := func(apps ProtoSet, block ...Source) {
		for _, s := range block {
			s.Apps = apps
			if s.Class == 0 {
				s.Class = ClassBuffer
			}
			table = append(table, s)
		}
	}
	const toServer, toClient, both = DirToServer, DirToClient, DirBoth
	add(Protos(app.ProtoDNS),
		Source{Name: "dns.query", Aliases: []string{"dns_query"}, Buffer: app.DNSQuery, Dirs: toServer, Multi: true},
		Source{Name: "dns.queries.rrname", Aliases: []string{"dns.query.name"}, Buffer: app.DNSQueriesRRName, Dirs: both, Multi: true},
		Source{Name: "dns.answers.rrname", Aliases: []string{"dns.answer.name"}, Buffer: app.DNSAnswersRRName, Dirs: both, Multi: true},
		Source{Name: "dns.authorities.rrname", Buffer: app.DNSAuthoritiesRRName, Dirs: both, Multi: true},
		Source{Name: "dns.additionals.rrname", Buffer: app.DNSAdditionalsRRName, Dirs: both, Multi: true},
		Source{Name: "dns.response.rrname", Buffer: app.DNSResponseRRName, Dirs: toClient, Multi: true},
	)
	add(httpProtos,
		Source{Name: "http.method", Buffer: app.HTTPMethod, Dirs: toServer, Stage: HTTPLine, Class: ClassMethod, Check: checkMethod},
		Source{Name: "http.uri", Aliases: []string{"http.uri.normalized"}, Buffer: app.HTTPURI, Dirs: toServer, Stage: HTTPLine},
		Source{Name: "http.uri.raw", Buffer: app.HTTPURIRaw, Dirs: toServer, Stage: HTTPLine},
		Source{Name: "http.request_line", Aliases: []string{"http_request_line"}, Buffer: app.HTTPRequestLine, Dirs: toServer, Stage: HTTPLine},
		Source{Name: "http.response_line", Aliases: []string{"http_response_line"}, Buffer: app.HTTPResponseLine, Dirs: toClient, Stage: HTTPLine},
		Source{Name: "http.stat_code", Buffer: app.HTTPStatCode, Dirs: toClient, Stage: HTTPLine, Class: ClassMethod},
		Source{Name: "http.stat_msg", Buffer: app.HTTPStatMsg, Dirs: toClient, Stage: HTTPLine, Class: ClassStream},
		Source{Name: "http.protocol", Aliases: []string{"http_protocol"}, Buffer: app.HTTPProtocol, Dirs: both, Stage: HTTPLine},
		Source{Name: "http.start", Aliases: []string{"http_start"}, Buffer: app.HTTPStart, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.header", Buffer: app.HTTPHeader, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.header.raw", Buffer: app.HTTPHeaderRaw, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.header_names", Aliases: []string{"http_header_names"}, Buffer: app.HTTPHeaderNames, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.cookie", Buffer: app.HTTPCookie, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.connection", Aliases: []string{"http_connection"}, Buffer: app.HTTPConnection, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.content_len", Aliases: []string{"http_content_len"}, Buffer: app.HTTPContentLen, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.content_type", Aliases: []string{"http_content_type"}, Buffer: app.HTTPContentType, Dirs: both, Stage: HTTPHeaders},
		Source{Name: "http.host", Buffer: app.HTTPHost, Dirs: toServer, Stage: HTTPHeaders, Check: checkHost},
		Source{Name: "http.host.raw", Buffer: app.HTTPHostRaw, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.user_agent", Buffer: app.HTTPUserAgent, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.referer", Aliases: []string{"http_referer"}, Buffer: app.HTTPReferer, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.accept", Aliases: []string{"http_accept"}, Buffer: app.HTTPAccept, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.accept_lang", Aliases: []string{"http_accept_lang"}, Buffer: app.HTTPAcceptLang, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.accept_enc", Aliases: []string{"http_accept_enc"}, Buffer: app.HTTPAcceptEnc, Dirs: toServer, Stage: HTTPHeaders},
		Source{Name: "http.location", Buffer: app.HTTPLocation, Dirs: toClient, Stage: HTTPHeaders},
		Source{Name: "http.server", Buffer: app.HTTPServer, Dirs: toClient, Stage: HTTPHeaders},
		Source{Name: "http.request_header", Buffer: app.HTTPRequestHeader, Dirs: toServer, Multi: true, Stage: HTTPHeaders},
		Source{Name: "http.response_header", Buffer: app.HTTPResponseHeader, Dirs: toClient, Multi: true, Stage: HTTPHeaders},
		Source{Name: "http.request_body", Buffer: app.HTTPRequestBody, Dirs: toServer, Streamed: true, Stage: HTTPBody},
	)
	add(Protos(app.ProtoTLS),
		Source{Name: "tls.sni", Aliases: []string{"tls_sni"}, Buffer: app.TLSSNI, Dirs: toServer},
		Source{Name: "tls.alpn", Buffer: app.TLSALPN, Dirs: both, Multi: true},
		Source{Name: "tls.certs", Buffer: app.TLSCerts, Dirs: both, Multi: true},
		Source{Name: "tls.cert_subject", Aliases: []string{"tls_cert_subject"}, Buffer: app.TLSCertSubject, Dirs: both},
		Source{Name: "tls.cert_issuer", Aliases: []string{"tls_cert_issuer"}, Buffer: app.TLSCertIssuer, Dirs: both},
		Source{Name: "tls.cert_serial", Aliases: []string{"tls_cert_serial"}, Buffer: app.TLSCertSerial, Dirs: both},
		Source{Name: "tls.cert_fingerprint", Aliases: []string{"tls_cert_fingerprint"}, Buffer: app.TLSCertFingerprint, Dirs: both},
		Source{Name: "tls.subjectaltname", Buffer: app.TLSSubjectAltName, Dirs: toClient, Multi: true},
		Source{Name: "tls.random", Buffer: app.TLSRandom, Dirs: both},
		Source{Name: "tls.random_time", Buffer: app.TLSRandomTime, Dirs: both},
		Source{Name: "tls.random_bytes", Buffer: app.TLSRandomBytes, Dirs: both},
	)
	add(Protos(app.ProtoTLS, app.ProtoQUIC),
		Source{Name: "ja3.hash", Aliases: []string{"ja3_hash"}, Buffer: app.JA3Hash, Dirs: toServer, Feature: FeatureJA3, Check: checkDigest},
		Source{Name: "ja3.string", Aliases: []string{"ja3_string"}, Buffer: app.JA3String, Dirs: toServer, Feature: FeatureJA3},
		Source{Name: "ja3s.hash", Buffer: app.JA3SHash, Dirs: toClient, Feature: FeatureJA3, Check: checkDigest},
		Source{Name: "ja3s.string", Buffer: app.JA3SString, Dirs: toClient, Feature: FeatureJA3},
		Source{Name: "ja4.hash", Aliases: []string{"ja4_hash"}, Buffer: app.JA4Hash, Dirs: toServer, Feature: FeatureJA4},
	)
	add(Protos(app.ProtoSSH),
		Source{Name: "ssh.proto", Aliases: []string{"ssh_proto"}, Buffer: app.SSHProto, Dirs: both},
		Source{Name: "ssh.software", Aliases: []string{"ssh_software"}, Buffer: app.SSHSoftware, Dirs: both},
		Source{Name: "ssh.hassh", Aliases: []string{"ssh-hassh"}, Buffer: app.SSHHassh, Dirs: toServer, Check: checkDigest},
		Source{Name: "ssh.hassh.string", Aliases: []string{"ssh-hassh-string"}, Buffer: app.SSHHasshString, Dirs: toServer},
		Source{Name: "ssh.hassh.server", Aliases: []string{"ssh-hassh-server"}, Buffer: app.SSHHasshServer, Dirs: toClient, Check: checkDigest},
		Source{Name: "ssh.hassh.server.string", Aliases: []string{"ssh-hassh-server-string"}, Buffer: app.SSHHasshServerString, Dirs: toClient},
	)
	add(Protos(app.ProtoFTP),
		Source{Name: "ftp.command", Buffer: app.FTPCommand, Dirs: toServer},
		Source{Name: "ftp.command_data", Buffer: app.FTPCommandData, Dirs: toServer},
		Source{Name: "ftp.reply", Buffer: app.FTPReply, Dirs: toClient, Multi: true},
		Source{Name: "ftp.completion_code", Buffer: app.FTPCompletionCode, Dirs: toClient, Multi: true},
	)
	add(Protos(app.ProtoSMTP),
		Source{Name: "smtp.helo", Buffer: app.SMTPHelo, Dirs: toServer},
		Source{Name: "smtp.mail_from", Buffer: app.SMTPMailFrom, Dirs: toServer},
		Source{Name: "smtp.rcpt_to", Buffer: app.SMTPRcptTo, Dirs: toServer, Multi: true},
		Source{Name: "email.from", Buffer: app.EmailFrom, Dirs: toServer},
		Source{Name: "email.to", Buffer: app.EmailTo, Dirs: toServer},
		Source{Name: "email.cc", Buffer: app.EmailCc, Dirs: toServer},
		Source{Name: "email.subject", Buffer: app.EmailSubject, Dirs: toServer},
		Source{Name: "email.date", Buffer: app.EmailDate, Dirs: toServer},
		Source{Name: "email.message_id", Buffer: app.EmailMessageID, Dirs: toServer},
		Source{Name: "email.x_mailer", Buffer: app.EmailXMailer, Dirs: toServer},
		Source{Name: "email.received", Buffer: app.EmailReceived, Dirs: toServer, Multi: true},
		Source{Name: "email.url", Buffer: app.EmailURL, Dirs: toServer, Multi: true},
	)
	add(dceProtos,
		Source{Name: "dcerpc.stub_data", Aliases: []string{"dce_stub_data"}, Buffer: app.DCEStubData, Dirs: both},
	)
	add(fileProtos,
		Source{Name: "file.data", Aliases: []string{"file_data"}, Buffer: app.FileData, Dirs: both, Multi: true, Streamed: true, Stage: HTTPBody},
		Source{Name: "file.name", Buffer: app.FileName, Dirs: both, Multi: true},
		Source{Name: "file.magic", Buffer: app.FileMagic, Dirs: both, Multi: true},
		Source{Name: "file.md5", Buffer: app.FileMD5, Dirs: both, Multi: true, hidden: true},
		Source{Name: "file.sha1", Buffer: app.FileSHA1, Dirs: both, Multi: true, hidden: true},
		Source{Name: "file.sha256", Buffer: app.FileSHA256, Dirs: both, Multi: true, hidden: true},
	)
	return table
}

// checkHost: host names are lower case in the buffer.
func checkHost(c *Content) string {
	if c.NoCase {
		return "nocase on http.host, which is lower case"
	}
	for _, ch := range c.Pattern {
		if ch != asciiLower[ch] {
			return "upper case in a content of http.host, which is lower case"
		}
	}
	return ""
}

// checkMethod: a method has no white space around it.
func checkMethod(c *Content) string {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	if blank(c.Pattern[0]) || blank(c.Pattern[len(c.Pattern)-1]) {
		return "white space at the edge of a content of http.method"
	}
	return ""
}

// checkDigest: an MD5 digest is 32 lower-case hexadecimal digits.
func checkDigest(c *Content) string {
	if len(c.Pattern) != 32 {
		return "a digest has 32 digits"
	}
	for _, ch := range c.Pattern {
		if digit(ch) > 15 || ch != asciiLower[ch] {
			return "a digest is lower-case hexadecimal digits"
		}
	}
	return ""
}
