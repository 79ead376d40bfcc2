package ecs

import "spanwatch/exporter/event"

// Version is the value of ecs.version: the ECS release whose fields are used.
const Version = "9.4.0"

// own is the name below which everything stands that ECS has no field for.
const own = "spanwatch"

// form says how a value is rewritten on its way.
type form uint8

const (
	asIs       form = iota
	asText          // a number becomes text
	asLower         // text in lower case
	asTime          // EVE's time becomes ISO 8601 with Z
	asUTC           // a time without a zone, which is UTC, gets its Z
	asMAC           // 00:1b:… becomes 00-1B-…, RFC 7042
	asHash          // ab:cd:… becomes ABCD…
	asNetwork       // 4 and 6 become ipv4 and ipv6
	asProtocol      // not failed and unknown, which name no protocol
	asQuery         // request and response become query and answer
	asOpcode        // the name of a DNS opcode
	asVersion       // "TLS 1.2" and "HTTP/1.1" become 1.2 and 1.1
	asList          // one value becomes a list of one
	asAnswers       // members of DNS answers get ECS's names
)

var formNames = [...]string{
	asIs: "", asText: "as text", asLower: "in lower case", asTime: "with Z", asUTC: "with Z", asMAC: "as RFC 7042 writes it",
	asHash: "in capitals, without colons", asNetwork: "`ipv4`, `ipv6`", asProtocol: "unless `failed` or `unknown`",
	asQuery: "`query`, `answer`", asOpcode: "by name", asVersion: "the number", asList: "as a list",
	asAnswers: "`rrname`, `rrtype`, `rdata` as `name`, `type`, `data`",
}

// kind is the type of an ECS field.
type kind uint8

const (
	keyword kind = iota
	keywords
	long
	date
	ip
	boolean
	objects
)

var kindNames = [...]string{
	keyword: "keyword", keywords: "keyword, list", long: "long", date: "date", ip: "ip", boolean: "boolean", objects: "object, list",
}

// move is one row of the mapping: the value at from goes to the field to.
type move struct {
	from, to string
	kind     kind
	form     form
	// only is the event type in which the row holds, where EVE gives a member
	// another meaning elsewhere; anyType for all.
	only event.Type
}

const anyType = event.NumTypes

func row(from, to string, k kind, f form) move { return move{from, to, k, f, anyType} }

// envelope and details are the mapping. Of two rows with one target, the first
// that has a value wins; the other value stays where it is.
var envelope = []move{
	row("timestamp", "@timestamp", date, asTime),
	row("event_id", "event.id", keyword, asIs),
	row("seq", "event.sequence", long, asIs),
	{"flow.start", "event.start", date, asTime, event.TypeFlow},
	{"flow.end", "event.end", date, asTime, event.TypeFlow},
	{"netflow.start", "event.start", date, asTime, event.TypeNetflow},
	{"netflow.end", "event.end", date, asTime, event.TypeNetflow},
	row("host", "observer.name", keyword, asIs),
	row("in_iface", "observer.ingress.interface.name", keyword, asIs),

	row("src_ip", "source.ip", ip, asIs),
	row("src_port", "source.port", long, asIs),
	row("ether.src_mac", "source.mac", keyword, asMAC),
	row("src_geo.country", "source.geo.country_iso_code", keyword, asIs),
	row("src_geo.city", "source.geo.city_name", keyword, asIs),
	row("src_geo.site", "source.geo.name", keyword, asIs),
	row("src_geo.asn", "source.as.number", long, asIs),
	row("src_geo.as_org", "source.as.organization.name", keyword, asIs),
	{"flow.bytes_toserver", "source.bytes", long, asIs, event.TypeFlow},
	{"flow.pkts_toserver", "source.packets", long, asIs, event.TypeFlow},
	{"netflow.bytes", "source.bytes", long, asIs, event.TypeNetflow},
	{"netflow.pkts", "source.packets", long, asIs, event.TypeNetflow},
	row("dest_ip", "destination.ip", ip, asIs),
	row("dest_port", "destination.port", long, asIs),
	row("ether.dest_mac", "destination.mac", keyword, asMAC),
	row("dest_geo.country", "destination.geo.country_iso_code", keyword, asIs),
	row("dest_geo.city", "destination.geo.city_name", keyword, asIs),
	row("dest_geo.site", "destination.geo.name", keyword, asIs),
	row("dest_geo.asn", "destination.as.number", long, asIs),
	row("dest_geo.as_org", "destination.as.organization.name", keyword, asIs),
	{"flow.bytes_toclient", "destination.bytes", long, asIs, event.TypeFlow},
	{"flow.pkts_toclient", "destination.packets", long, asIs, event.TypeFlow},

	row("proto", "network.transport", keyword, asLower),
	row("ip_v", "network.type", keyword, asNetwork),
	row("app_proto", "network.protocol", keyword, asProtocol),
	row("community_id", "network.community_id", keyword, asIs),
}

var details = []move{
	row("alert.signature", "rule.name", keyword, asIs),
	row("alert.signature_id", "rule.id", keyword, asText),
	row("alert.rev", "rule.version", keyword, asText),
	row("alert.category", "rule.category", keyword, asIs),
	row("alert.severity", "event.severity", long, asIs),
	row("alert.action", "event.action", keyword, asIs),
	row("alert.metadata.mitre_tactic_id", "threat.tactic.id", keywords, asIs),
	row("alert.metadata.mitre_tactic_name", "threat.tactic.name", keywords, asIs),
	row("alert.metadata.mitre_technique_id", "threat.technique.id", keywords, asIs),
	row("alert.metadata.mitre_technique_name", "threat.technique.name", keywords, asIs),

	row("dns.type", "dns.type", keyword, asQuery),
	row("dns.id", "dns.id", keyword, asText),
	row("dns.opcode", "dns.op_code", keyword, asOpcode),
	row("dns.rcode", "dns.response_code", keyword, asIs),
	row("dns.rrname", "dns.question.name", keyword, asIs),
	row("dns.rrtype", "dns.question.type", keyword, asIs),
	row("dns.answers", "dns.answers", objects, asAnswers),

	row("http.hostname", "url.domain", keyword, asIs),
	row("http.http_port", "url.port", long, asIs),
	row("http.url", "url.original", keyword, asIs),
	row("http.http_user_agent", "user_agent.original", keyword, asIs),
	row("http.http_method", "http.request.method", keyword, asIs),
	row("http.http_refer", "http.request.referrer", keyword, asIs),
	row("http.status", "http.response.status_code", long, asIs),
	row("http.length", "http.response.body.bytes", long, asIs),
	row("http.protocol", "http.version", keyword, asVersion),

	row("tls.sni", "tls.client.server_name", keyword, asIs),
	row("tls.version", "tls.version", keyword, asVersion),
	row("tls.session_resumed", "tls.resumed", boolean, asIs),
	row("tls.ja3.hash", "tls.client.ja3", keyword, asIs),
	row("tls.ja3s.hash", "tls.server.ja3s", keyword, asIs),
	row("tls.subject", "tls.server.subject", keyword, asIs),
	row("tls.issuerdn", "tls.server.issuer", keyword, asIs),
	row("tls.serial", "tls.server.x509.serial_number", keyword, asHash),
	row("tls.subjectaltname", "tls.server.x509.alternative_names", keywords, asIs),
	row("tls.fingerprint", "tls.server.hash.sha1", keyword, asHash),
	row("tls.notbefore", "tls.server.not_before", date, asUTC),
	row("tls.notafter", "tls.server.not_after", date, asUTC),
	row("tls.client.subject", "tls.client.subject", keyword, asIs),
	row("tls.client.issuerdn", "tls.client.issuer", keyword, asIs),
	row("tls.client.serial", "tls.client.x509.serial_number", keyword, asHash),
	row("tls.client.fingerprint", "tls.client.hash.sha1", keyword, asHash),
	row("tls.client.notbefore", "tls.client.not_before", date, asUTC),
	row("tls.client.notafter", "tls.client.not_after", date, asUTC),

	row("email.from", "email.from.address", keywords, asList),
	row("email.to", "email.to.address", keywords, asIs),
	row("email.cc", "email.cc.address", keywords, asIs),
	row("email.subject", "email.subject", keyword, asIs),
	row("email.message_id", "email.message_id", keyword, asIs),
	row("email.x_mailer", "email.x_mailer", keyword, asIs),

	row("fileinfo.filename", "file.path", keyword, asIs),
	row("fileinfo.size", "file.size", long, asIs),
	row("fileinfo.md5", "file.hash.md5", keyword, asIs),
	row("fileinfo.sha1", "file.hash.sha1", keyword, asIs),
	row("fileinfo.sha256", "file.hash.sha256", keyword, asIs),
}

// made is a field that no single member of EVE holds.
type made struct {
	to      string
	kind    kind
	meaning string
}

var computed = []made{
	{"ecs.version", keyword, "`" + Version + "`"},
	{"event.kind", keyword, "`alert` of alerts, `metric` of stats, else `event`"},
	{"event.category", keywords, "`network`, with `intrusion_detection`, `web`, `file`, `email` where they fit; none of stats"},
	{"event.type", keywords, "of flows `connection` and `end` (or `info` while the flow goes on), of protocol records `connection` and `protocol`, of alerts `info` and `allowed` or `denied`, else `info`"},
	{"event.module", keyword, "`spanwatch`"},
	{"event.dataset", keyword, "`spanwatch.` and the event type"},
	{"observer.type", keyword, "`ids`"},
	{"observer.product", keyword, "`spanwatch`"},
	{"message", keyword, "the signature, of alerts"},
	{"network.bytes", long, "both directions, of flows"},
	{"network.packets", long, "both directions, of flows"},
	{"network.vlan.id", keyword, "the outermost of `vlan`, which stays"},
	{"network.inner.vlan.id", keyword, "the second of `vlan`, which stays"},
	{"dns.question.name", keyword, "of the first of `dns.queries`, which stays"},
	{"dns.question.type", keyword, "of the first of `dns.queries`, which stays"},
	{"dns.header_flags", keywords, "AA, TC, RD, RA, as set in `dns`, where they stay"},
	{"dns.resolved_ip", keywords, "`dns.grouped.A` and `dns.grouped.AAAA`, which stay"},
	{"threat.framework", keyword, "`MITRE ATT&CK`, when the rule names a tactic or technique"},
	{"related.ip", keywords, "both addresses and those that DNS answers resolve to"},
	{"related.hosts", keywords, "names in `http.hostname`, `tls.sni` and DNS questions"},
	{"related.hash", keywords, "hashes of a file"},
}
