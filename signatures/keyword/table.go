package keyword

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"

	"spanwatch/decoders/app"
)

// Table returns every supported keyword. A new keyword is a line here; the
// buffers and numbers of protocols come from tables of their own.
func Table() []Keyword { return tableWith(sources()) }

// tableWith is Table with the buffers given.
func tableWith(buffers []Source) []Keyword {
	ip := KeepsIPOnly | KeepsEventOnly // traits of what says nothing about packets
	table := []Keyword{
		{Name: "msg", Kind: KindMeta, Traits: ip, Syntax: `msg:"text"`, Setup: setMsg},
		{Name: "sid", Kind: KindMeta, Traits: ip, Syntax: "sid:N", Setup: identifier(1, func(m *Meta) *uint32 { return &m.Sid })},
		{Name: "rev", Kind: KindMeta, Traits: ip, Syntax: "rev:N", Setup: identifier(0, func(m *Meta) *uint32 { return &m.Rev })},
		{Name: "gid", Kind: KindMeta, Traits: ip, Syntax: "gid:N", Setup: identifier(0, func(m *Meta) *uint32 { return &m.Gid })},
		{Name: "classtype", Kind: KindMeta, Traits: ip, Syntax: "classtype:name", Setup: setClasstype},
		{Name: "priority", Kind: KindMeta, Traits: ip, Syntax: "priority:1..255", Setup: setPriority},
		{Name: "reference", Kind: KindMeta, Traits: ip, Syntax: "reference:type,id", Setup: setReference},
		{Name: "metadata", Kind: KindMeta, Argument: Optional, Traits: ip, Syntax: "metadata:key value[, key value]...", Setup: setMetadata},
		{Name: "target", Kind: KindMeta, Traits: ip, Syntax: "target:src_ip|dest_ip", Setup: setTarget},
		{Name: "requires", Kind: KindMeta, Traits: ip, Syntax: "requires:feature X, keyword K, version >= 7.0.3 < 8 | >= 8.0.1", Setup: setRequires},

		{Name: "noalert", Kind: KindAction, Argument: None, Traits: ip, Syntax: "noalert", Setup: setNoalert},
		{Name: "alert", Kind: KindAction, Argument: None, Traits: ip, Syntax: "alert", Setup: setAlert},
		{Name: "replace", Kind: KindAction, Traits: NeedsPacket, Syntax: `content:"abc"; replace:"xyz" (inert)`, Setup: modify(setReplace)},
		{Name: "nfq_set_mark", Kind: KindAction, Syntax: "nfq_set_mark:val/mask (inert)", Setup: setNfqMark},
		{Name: "tag", Kind: KindAction, Argument: Optional, Traits: ip, Syntax: "tag:session|host[,N,packets|bytes|seconds[,src|dst]]", Setup: setTag},
		{Name: "config", Kind: KindAction, Syntax: "config:logging disable, type tx, scope tx", Setup: setConfig},
		{Name: "bypass", Kind: KindAction, Argument: None, Syntax: "bypass", Setup: setBypass},
		{Name: "filestore", Kind: KindAction, Argument: Optional, Syntax: "filestore[:request|response|both[,file|tx|ssn]]", Setup: setFilestore},
		{Name: "tls.store", Aliases: []string{"tls_store"}, Kind: KindAction, Argument: None, Syntax: "tls.store (inert)", Setup: setTLSStore},

		{Name: "threshold", Kind: KindThreshold, Traits: ip, Syntax: "threshold:type limit|threshold|both|backoff, track by_src|by_dst|by_both|by_rule|by_flow, count N, seconds T|multiplier M", Setup: setThreshold},
		{Name: "detection_filter", Kind: KindThreshold, Traits: ip, Syntax: "detection_filter:track by_src|by_dst|by_both|by_rule|by_flow, count N, seconds T", Setup: setDetectionFilter},

		{Name: "flow", Kind: KindFlow, Traits: KeepsAppOnly | KeepsIPOnly, Syntax: "flow:to_server|to_client|from_client|from_server, established|not_established|stateless, only_stream|no_stream, only_frag|no_frag", Setup: setFlow},
		{Name: "flowbits", Kind: KindFlow, Traits: KeepsIPOnly, Syntax: "flowbits:set|unset|toggle|isset|isnotset,name[|name...] or flowbits:noalert", Setup: setFlowbits},
		{Name: "flow.age", Kind: KindFlow, Syntax: "flow.age:int", Setup: setFlowAge},
		{Name: "flow.pkts", Kind: KindFlow, Syntax: "flow.pkts:toserver|toclient|either|both,int", Setup: flowCounterSides(false)},
		{Name: "flow.pkts_toserver", Kind: KindFlow, Syntax: "flow.pkts_toserver:int", Setup: flowCounter(false, sideServer)},
		{Name: "flow.pkts_toclient", Kind: KindFlow, Syntax: "flow.pkts_toclient:int", Setup: flowCounter(false, sideClient)},
		{Name: "flow.bytes", Kind: KindFlow, Syntax: "flow.bytes:toserver|toclient|either|both,int", Setup: flowCounterSides(true)},
		{Name: "flow.bytes_toserver", Kind: KindFlow, Syntax: "flow.bytes_toserver:int", Setup: flowCounter(true, sideServer)},
		{Name: "flow.bytes_toclient", Kind: KindFlow, Syntax: "flow.bytes_toclient:int", Setup: flowCounter(true, sideClient)},
		{Name: "stream_size", Kind: KindFlow, Syntax: "stream_size:server|client|both|either,<|>|=|!=|<=|>=,N", Setup: setStreamSize},
		{Name: "flowint", Kind: KindFlow, Syntax: "flowint:name,+|-|=|<|<=|>|>=|==|!=,N|name or flowint:name,isset|notset", Setup: setFlowint},
		{Name: "flowvar", Kind: KindFlow, Syntax: `flowvar:name,[!]"text|hex|"`, Setup: setTextVar(false)},
		{Name: "pktvar", Kind: KindFlow, Syntax: `pktvar:name,[!]"text|hex|"`, Setup: setTextVar(true)},
		{Name: "xbits", Kind: KindFlow, Traits: KeepsIPOnly, Syntax: "xbits:set|unset|toggle|isset|isnotset,name,track ip_src|ip_dst|ip_pair[,expire N] or xbits:set|isset,name,track tx", Setup: setXbits},
		{Name: "hostbits", Kind: KindFlow, Traits: KeepsIPOnly, Syntax: "hostbits:set|unset|toggle|isset|isnotset,name[,src|dst|both][,expire N]", Setup: setHostbits},
		{Name: "app-layer-protocol", Kind: KindFlow, Traits: KeepsAppOnly, Syntax: "app-layer-protocol:[!]proto[|proto...][,direction|to_server|to_client|either|final|original][,exact]", Setup: setAppLayerProtocol},
		{Name: "app-layer-state", Kind: KindApp, Syntax: "app-layer-state:[<|>]stage", Setup: setAppLayerState},
		{Name: "tcp.session", Kind: KindFlow, Syntax: "tcp.session:setup|established|closing[,...]", Setup: setTCPSession},

		{Name: "frame", Kind: KindBuffer, Syntax: "frame:[proto.]name; content:…", Setup: setFrame},

		{Name: "decode-event", Kind: KindHeader, Traits: KeepsEventOnly, Syntax: "decode-event:ipv4.pkt_too_small", Setup: setDecodeEvent},
		{Name: "stream-event", Kind: KindHeader, Traits: KeepsEventOnly, Syntax: "stream-event:est_packet_out_of_window", Setup: setStreamEvent},
		{Name: "engine-event", Kind: KindHeader, Traits: KeepsEventOnly, Syntax: "engine-event:[stream.]name", Setup: setEngineEvent},
		{Name: "dsize", Kind: KindHeader, Traits: NeedsPacket, Syntax: "dsize:int", Setup: setDsize},
		{Name: "tcp.flags", Aliases: []string{"flags"}, Kind: KindHeader, Traits: NeedsPacket, Syntax: "flags:[+|*|!]FSRPAUCE0[,ignored]", Setup: setFlags},
		{Name: "fragbits", Kind: KindHeader, Traits: NeedsPacket, Syntax: "fragbits:[+|*|!]MDR", Setup: setFragbits},
		{Name: "tos", Kind: KindHeader, Traits: NeedsPacket, Syntax: "tos:[!]N|xHH", Setup: setTos},
		{Name: "ipopts", Kind: KindHeader, Traits: NeedsPacket, Syntax: "ipopts:rr|eol|nop|ts|sec|esec|lsrr|ssrr|satid|qs|rtralt|cipso|any", Setup: setIPOpts},
		{Name: "ip_proto", Kind: KindHeader, Traits: KeepsIPOnly, Syntax: "ip_proto:[!|<|>]N|name", Setup: setIPProto},
		{Name: "l3_proto", Kind: KindHeader, Traits: KeepsIPOnly, Syntax: "l3_proto:ipv4|ip4|ipv6|ip6", Setup: setL3Proto},
		{Name: "sameip", Kind: KindHeader, Argument: None, Syntax: "sameip", Setup: setSameIP},
		{Name: "vlan.id", Kind: KindHeader, Syntax: "vlan.id:int[,layer]", Setup: setVlanID},
		{Name: "geoip", Kind: KindHeader, Syntax: "geoip:[src|dst|both|any,][!]CC[,CC...]", Setup: setGeoip},
		{Name: "iprep", Kind: KindHeader, Traits: KeepsIPOnly, Syntax: "iprep:any|src|dst|both,category,<|>|=|<=|>=,0..127 or …,isset|isnotset", Setup: setIPRep},
		{Name: "rpc", Kind: KindHeader, Traits: NeedsPacket, Syntax: "rpc:program[,version|*][,procedure|*]", Setup: setRPC},

		{Name: "content", Kind: KindPayload, Syntax: `content:[!]"text|hex|"`, Setup: setContent},
		{Name: "uricontent", Kind: KindPayload, Syntax: `uricontent:[!]"text" (content of http.uri)`, Setup: setUricontent},
		{Name: "pcre", Kind: KindPayload, Syntax: `pcre:[!]"/regexp/[ismxAEGROB][buffer letter][,flow:name|pkt:name|alert:name...]"`, Setup: setPcre},
		{Name: "isdataat", Kind: KindPayload, Syntax: "isdataat:[!]N|var[,relative][,rawbytes]", Setup: setIsDataAt},
		{Name: "bsize", Kind: KindPayload, Syntax: "bsize:int", Setup: setBsize},
		{Name: "byte_test", Kind: KindPayload, Syntax: "byte_test:n|var,[!]op,value|var,offset|var[,relative][,big|little][,string,hex|dec|oct][,bitmask M]", Setup: setByteTest},
		{Name: "byte_jump", Kind: KindPayload, Syntax: "byte_jump:n|var,offset|var[,relative][,multiplier M][,big|little][,string,base][,align][,from_beginning|from_end][,post_offset N][,bitmask M]", Setup: setByteJump},
		{Name: "byte_extract", Kind: KindPayload, Syntax: "byte_extract:n,offset,name[,relative][,multiplier M][,big|little][,string,base][,align 2|4][,bitmask M]", Setup: setByteExtract},
		{Name: "byte_math", Kind: KindPayload, Syntax: "byte_math:bytes n|var, offset o, oper +|-|*|/|<<|>>, rvalue N|var, result name[, relative][, endian e][, string base][, bitmask M]", Setup: setByteMath},
		{Name: "base64_decode", Kind: KindPayload, Argument: Optional, Syntax: "base64_decode:[bytes N][, offset N][, relative]", Setup: setBase64Decode},
		{Name: "dataset", Kind: KindPayload, Syntax: "dataset:set|unset|isset|isnotset,name[,type string|md5|sha256|ipv4|ip][,load f|save f|state f][,memcap N][,hashsize N]", Setup: setDataset},
		{Name: "datarep", Kind: KindPayload, Syntax: "datarep:name,<|>|=|...,score[,load f][,type t]", Setup: setDatarep},
		{Name: "asn1", Kind: KindPayload, Traits: NeedsPacket, Syntax: "asn1:[bitstring_overflow][,double_overflow][,oversize_length N][,absolute_offset N|relative_offset N]", Setup: setASN1},
		{Name: "entropy", Kind: KindPayload, Syntax: "entropy:[bytes N,][offset N,] value <|<=|>|>=|=|!= F", Setup: setEntropy},
		{Name: "absent", Kind: KindPayload, Argument: Optional, Syntax: "absent[:or_else]", Setup: setAbsent},

		{Name: "nocase", Kind: KindModifier, Argument: None, Syntax: "nocase", Setup: modify(setNocase)},
		{Name: "depth", Kind: KindModifier, Syntax: "depth:N|var", Setup: modify(setDepth)},
		{Name: "offset", Kind: KindModifier, Syntax: "offset:N|var", Setup: modify(setOffset)},
		{Name: "distance", Kind: KindModifier, Syntax: "distance:N|var", Setup: modify(setDistance)},
		{Name: "within", Kind: KindModifier, Syntax: "within:N|var", Setup: modify(setWithin)},
		{Name: "startswith", Kind: KindModifier, Argument: None, Syntax: "startswith", Setup: modify(setStartsWith)},
		{Name: "endswith", Kind: KindModifier, Argument: None, Syntax: "endswith", Setup: modify(setEndsWith)},
		{Name: "rawbytes", Kind: KindModifier, Argument: None, Syntax: "rawbytes", Setup: modify(setRawbytes)},
		{Name: "fast_pattern", Kind: KindModifier, Argument: Optional, Syntax: "fast_pattern | fast_pattern:only | fast_pattern:offset,length", Setup: modify(setFastPattern)},

		{Name: "pkt_data", Kind: KindBuffer, Argument: None, Syntax: "pkt_data; content:…", Setup: setPktData},
		{Name: "base64_data", Kind: KindBuffer, Argument: None, Syntax: "base64_data; content:…", Setup: setBase64Data},
		{Name: "http.response_body", Kind: KindBuffer, Argument: None, Syntax: "http.response_body; content:… (file.data of a response)", Setup: setResponseBody},

		{Name: "dotprefix", Kind: KindTransform, Argument: None, Syntax: "dotprefix", Setup: transform(dotPrefix)},
		{Name: "to_lowercase", Kind: KindTransform, Argument: None, Syntax: "to_lowercase", Setup: transform(toLowercase)},
		{Name: "to_uppercase", Kind: KindTransform, Argument: None, Syntax: "to_uppercase", Setup: transform(toUppercase)},
		{Name: "strip_whitespace", Kind: KindTransform, Argument: None, Syntax: "strip_whitespace", Setup: transform(stripWhitespace)},
		{Name: "compress_whitespace", Kind: KindTransform, Argument: None, Syntax: "compress_whitespace", Setup: transform(compressWhitespace)},
		{Name: "header_lowercase", Kind: KindTransform, Argument: None, Syntax: "header_lowercase", Setup: transform(headerLowercase)},
		{Name: "strip_pseudo_headers", Kind: KindTransform, Argument: None, Syntax: "strip_pseudo_headers", Setup: transform(stripPseudoHeaders)},
		{Name: "to_md5", Kind: KindTransform, Argument: None, Syntax: "to_md5", Setup: transform(toMD5)},
		{Name: "to_sha1", Kind: KindTransform, Argument: None, Syntax: "to_sha1", Setup: transform(toSHA1)},
		{Name: "to_sha256", Kind: KindTransform, Argument: None, Syntax: "to_sha256", Setup: transform(toSHA256)},
		{Name: "domain", Kind: KindTransform, Argument: None, Syntax: "domain", Setup: partialTransform(registrableDomain)},
		{Name: "tld", Kind: KindTransform, Argument: None, Syntax: "tld", Setup: partialTransform(topDomain)},
		{Name: "url_decode", Kind: KindTransform, Argument: None, Syntax: "url_decode", Setup: transform(urlDecode)},
		{Name: "xor", Kind: KindTransform, Syntax: `xor:"hex" | xor:offset N,"hex"`, Setup: setXor},
		{Name: "from_base64", Kind: KindTransform, Argument: Optional, Syntax: "from_base64[:bytes N][, offset N][, mode strict|rfc4648|rfc2045]", Setup: setFromBase64},
		{Name: "gunzip", Kind: KindTransform, Argument: Optional, Syntax: "gunzip[:max-size N]", Setup: setInflate(openGzip)},
		{Name: "zlib_deflate", Kind: KindTransform, Argument: Optional, Syntax: "zlib_deflate[:max-size N]", Setup: setInflate(openZlib)},
		{Name: "pcrexform", Kind: KindTransform, Syntax: `pcrexform:"regexp with one group"`, Setup: setPcrexform},

		{Name: "app-layer-event", Kind: KindApp, Traits: KeepsEventOnly, Syntax: "app-layer-event:dns.malformed_data", Setup: setAppLayerEvent},
		{Name: "urilen", Kind: KindApp, Syntax: "urilen:int[,norm|raw]", Setup: setUrilen},
		{Name: "filename", Kind: KindApp, Syntax: `filename:[!]"text"`, Setup: fileContent("file.name", "", false)},
		{Name: "fileext", Kind: KindApp, Syntax: `fileext:[!]"pdf"`, Setup: fileContent("file.name", ".", true)},
		{Name: "filemagic", Kind: KindApp, Syntax: `filemagic:[!]"text"`, Setup: fileContent("file.magic", "", false)},
		{Name: "filesize", Kind: KindApp, Syntax: "filesize:int[KB|MB|GB]", Setup: setFilesize},
		{Name: "filemd5", Kind: KindApp, Syntax: "filemd5:[!]file", Setup: setHashList("file.md5", md5.Size)},
		{Name: "filesha1", Kind: KindApp, Syntax: "filesha1:[!]file", Setup: setHashList("file.sha1", sha1.Size)},
		{Name: "filesha256", Kind: KindApp, Syntax: "filesha256:[!]file", Setup: setHashList("file.sha256", sha256.Size)},
		{Name: "tls.version", Kind: KindApp, Syntax: "tls.version:1.0|1.1|1.2|1.3|0xHHHH", Setup: setTLSVersion},
		{Name: "ssl_version", Kind: KindApp, Syntax: "ssl_version:[!]sslv2|sslv3|tls1.0|tls1.1|tls1.2|tls1.3[,...] (! is for the whole list)", Setup: setSSLVersion},
		{Name: "ssl_state", Kind: KindApp, Syntax: "ssl_state:[!]client_hello|server_hello|client_keyx|server_keyx[,...]", Setup: setSSLState},
		{Name: "tls_cert_notbefore", Kind: KindApp, Syntax: "tls_cert_notbefore:[<|>]date or date<>date", Setup: setCertDate(app.TLSCertNotBefore)},
		{Name: "tls_cert_notafter", Kind: KindApp, Syntax: "tls_cert_notafter:[<|>]date or date<>date", Setup: setCertDate(app.TLSCertNotAfter)},
		{Name: "tls_cert_valid", Kind: KindApp, Argument: None, Syntax: "tls_cert_valid", Setup: setCertValid(false)},
		{Name: "tls_cert_expired", Kind: KindApp, Argument: None, Syntax: "tls_cert_expired", Setup: setCertValid(true)},
		{Name: "tls.subject", Kind: KindApp, Syntax: `tls.subject:[!]"text"`, Setup: bufferContent("tls.cert_subject", false)},
		{Name: "tls.issuerdn", Kind: KindApp, Syntax: `tls.issuerdn:[!]"text"`, Setup: bufferContent("tls.cert_issuer", false)},
		{Name: "tls.fingerprint", Kind: KindApp, Syntax: `tls.fingerprint:[!]"aa:bb:…"`, Setup: bufferContent("tls.cert_fingerprint", true)},
		{Name: "ssh.softwareversion", Kind: KindApp, Syntax: `ssh.softwareversion:"text"`, Setup: bufferContent("ssh.software", false)},
		{Name: "dcerpc.iface", Aliases: []string{"dce_iface"}, Kind: KindApp, Syntax: "dcerpc.iface:uuid[,[<|>|!]version][,any_frag]", Setup: setDCEInterface},
		{Name: "dcerpc.opnum", Aliases: []string{"dce_opnum"}, Kind: KindApp, Syntax: "dcerpc.opnum:N[-N][,N[-N]...]", Setup: setDCEOpnum},
		{Name: "ftpbounce", Kind: KindApp, Argument: None, Syntax: "ftpbounce", Setup: setFTPBounce},
		{Name: "ftp.mode", Kind: KindApp, Syntax: "ftp.mode:active|passive", Setup: txWord(app.ProtoFTP, app.FTPMode, ftpModes)},
		{Name: "ftp.reply_received", Kind: KindApp, Syntax: "ftp.reply_received:yes|no", Setup: setReplyReceived},
		{Name: "ftpdata_command", Kind: KindApp, Syntax: "ftpdata_command:stor|retr", Setup: txWord(app.ProtoFTPData, app.FTPDataCommand, ftpDataCommands)},

		{Name: "prefilter", Kind: KindPrefilter, Argument: None, Traits: ip, Syntax: "prefilter", Setup: setPrefilter},
	}
	table = append(table, headerKeywords()...)
	table = append(table, checksumKeywords()...)
	table = append(table, bufferKeywords(buffers)...)
	table = append(table, modifierKeywords()...)
	table = append(table, definedConditions()...)
	return append(table, txKeywords()...)
}
