package ike

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func u16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func u32(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }

// payload is one of a chain.
type payload struct {
	kind byte
	body string
}

// message makes a datagram; version is both digits of it.
func message(responder string, version, exchange, flags byte, id int, payloads ...payload) []byte {
	var body string
	next := func(i int) byte {
		if i < len(payloads) {
			return payloads[i].kind
		}
		return 0
	}
	for i, p := range payloads {
		body += string([]byte{next(i + 1), 0}) + u16(4+len(p.body)) + p.body
	}
	return []byte("INITIATE" + responder + string([]byte{next(0), version, exchange, flags}) + u32(id) + u32(headerLength+len(body)) + body)
}

const (
	nobody = "\x00\x00\x00\x00\x00\x00\x00\x00"
	server = "RESPONDS"
)

// short is an attribute of two bytes, long one of more.
func short(kind, value int) string       { return u16(kind|0x8000) + u16(value) }
func long(kind int, value string) string { return u16(kind) + u16(len(value)) + value }
func chained(last bool, b string) string {
	return string([]byte{kindAfter(last), 0}) + u16(4+len(b)) + b
}
func transform2(kind byte, id int) string     { return string([]byte{kind, 0}) + u16(id) }
func association(domain int, b string) string { return u32(domain) + u32(1) + b }

func kindAfter(last bool) byte {
	if last {
		return 0
	}
	return 3
}

// proposal1 is a proposal of version 1 with transforms of these attributes.
func proposal1(transforms ...string) string {
	body := "\x01\x01\x00" + string([]byte{byte(len(transforms))})
	for i, t := range transforms {
		body += chained(i == len(transforms)-1, string([]byte{byte(i + 1), 1, 0, 0})+t)
	}
	return chained(true, body)
}

// proposal2 is a proposal of version 2 for a protocol.
func proposal2(last bool, protocol byte, transforms ...string) string {
	body := string([]byte{1, protocol, 0, byte(len(transforms))})
	for i, t := range transforms {
		body += chained(i == len(transforms)-1, t)
	}
	return chained(last, body)
}

var (
	aes      = short(1, 7) + short(14, 128) + short(2, 2) + short(4, 14) + short(3, 1) + short(11, 1) + long(12, u32(86400))
	strong   = []string{transform2(1, 12), transform2(2, 5), transform2(3, 12), transform2(4, 14)}
	exchange = []apptest.Message{
		{Dir: toServer, Data: message(nobody, 0x10, 2, 0, 0, payload{1, association(1, proposal1(aes))}, payload{13, "vendor"}, payload{13, "x"})},
		{Dir: toClient, Data: message(server, 0x10, 2, 0, 0, payload{1, association(1, proposal1(aes))})},
		{Dir: toServer, Data: message(server, 0x10, 2, 0, 0, payload{4, "KEY1"}, payload{10, "NONCE1"}, payload{20, "nat"})},
		{Dir: toClient, Data: message(server, 0x10, 2, 0, 0, payload{4, "KEY2"}, payload{10, "NONCE2"})},
		{Dir: toServer, Data: message(server, 0x10, 2, flagEncrypted, 0, payload{5, "sealed"})},
	}
	exchange2 = []apptest.Message{
		{Dir: toServer, Data: message(nobody, 0x20, 34, 8, 0, payload{33, proposal2(true, 1, strong...)}, payload{34, u16(14) + u16(0) + "KEY"}, payload{40, "NONCE"}, payload{41, "\x00\x00" + u16(16388) + "hash"})},
		{Dir: toClient, Data: message(server, 0x20, 34, 0x20, 0, payload{33, proposal2(true, 1, strong...)}, payload{40, "NONCE"})},
		{Dir: toServer, Data: message(server, 0x20, 35, 8, 1, payload{46, "sealed"})},
		{Dir: toClient, Data: message(server, 0x20, 37, 0x20, 2, payload{41, "\x00\x00" + u16(14)}, payload{99, ""})},
	}
)

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "version 1", Datagram: true, Messages: exchange, Min: 5},
		{Name: "version 2", Datagram: true, Messages: exchange2, Min: 4},
	})
}

func FuzzConversation(f *testing.F) {
	for _, m := range slices.Concat(exchange, exchange2) {
		f.Add(m.Data, []byte{0xfe | byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) app.State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	return s
}

func TestMessagesAreToldOf(t *testing.T) {
	attributes := `alg_enc: "EncAesCbc", alg_enc_raw: 7, sa_key_length: "Unknown", sa_key_length_raw: 128, alg_hash: "HashSha", alg_hash_raw: 2, ` +
		`alg_dh: "GroupModp2048Bit", alg_dh_raw: 14, alg_auth: "AuthPreSharedKey", alg_auth_raw: 1, sa_life_type: "LifeTypeSeconds", ` +
		`sa_life_type_raw: 1, sa_life_duration: "Unknown", sa_life_duration_raw: 86400`
	key := func(text string) string {
		return `key_exchange_payload: "4b4559` + text + `", key_exchange_payload_length: 4, nonce_payload: "4e4f4e4345` + text + `", nonce_payload_length: 6`
	}
	head := func(version, exchange int, responder, id string) string {
		return `{version_major: ` + strconv.Itoa(version) + `, version_minor: 0, init_spi: "494e495449415445", resp_spi: "` + responder +
			`", message_id: ` + id + `, exchange_type: ` + strconv.Itoa(exchange) + `, `
	}
	none, some := "0000000000000000", "524553504f4e4453"
	agreed := `alg_enc: "ENCR_AES_CBC", alg_auth: "AUTH_HMAC_SHA2_256_128", alg_prf: "PRF_HMAC_SHA2_256", alg_dh: "Modp2048", alg_esn: "NoESN", `
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []string
	}{
		{"version 1", exchange, []string{
			head(1, 2, none, "0") + `payload: ["SecurityAssociation", "Proposal", "Transform", "VendorID"], ikev1: {doi: 1, encrypted_payloads: false, ` +
				`client: {proposals: [{` + attributes + `}]}, server: {}, vendor_ids: ["76656e646f72", "78"]}}`,
			head(1, 2, some, "0") + attributes + `, payload: ["SecurityAssociation", "Proposal", "Transform"], ikev1: {doi: 1, encrypted_payloads: false, client: {}, server: {}}}`,
			head(1, 2, some, "0") + attributes + `, payload: ["KeyExchange", "Nonce", "NatDiscovery"], ikev1: {doi: 1, encrypted_payloads: false, client: {` + key("31") + `}, server: {}}}`,
			head(1, 2, some, "0") + attributes + `, payload: ["KeyExchange", "Nonce"], ikev1: {doi: 1, encrypted_payloads: false, client: {` + key("31") + `}, server: {` + key("32") + `}}}`,
			head(1, 2, some, "0") + attributes + `, payload: ["Identification"], ikev1: {doi: 1, encrypted_payloads: true}}`,
		}},
		{"version 2", exchange2, []string{
			head(2, 34, none, "0") + `role: "initiator", payload: ["SecurityAssociation", "KeyExchange", "Nonce", "Notify", "NoNextPayload"], ikev2: {errors: 0, notify: ["NAT_DETECTION_SOURCE_IP"]}}`,
			head(2, 34, some, "0") + `role: "responder", ` + agreed + `payload: ["SecurityAssociation", "Nonce", "NoNextPayload"], ikev2: {errors: 0}}`,
			head(2, 35, some, "1") + `role: "initiator", payload: ["EncryptedAndAuthenticated", "NoNextPayload"], ikev2: {errors: 0}}`,
			head(2, 37, some, "2") + `role: "responder", ` + agreed + `payload: ["Notify", "IkePayloadType(99 / 0x63)", "NoNextPayload"], ikev2: {errors: 1, notify: ["NO_PROPOSAL_CHOSEN"]}}`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			for i, m := range c.messages {
				s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
				if got := apptest.RecordText(s.Txs()[i].(*Tx)); got != c.want[i] {
					t.Errorf("record %d\n%s\nwant\n%s", i, got, c.want[i])
				}
			}
		})
	}
}

func TestRulesSeeWhatWasExchanged(t *testing.T) {
	p := NewParser()
	number := func(kind, value int) string { return strconv.FormatUint(uint64(kind)<<32|uint64(value), 10) }
	for _, c := range []struct {
		messages []apptest.Message
		tx       int
		field    string
		want     []string
	}{
		{exchange, 0, "ike.init_spi", []string{"494e495449415445"}},
		{exchange, 1, "ike.resp_spi", []string{"524553504f4e4453"}},
		{exchange, 0, "ike.vendor", []string{"76656e646f72", "78"}},
		{exchange, 0, "ike.exchtype", []string{"2"}},
		{exchange, 2, "ike.key_exchange_payload", []string{"KEY1"}},
		{exchange, 3, "ike.nonce_payload", []string{"NONCE2"}},
		{exchange, 3, "ike.nonce_payload_length", []string{"6"}},
		{exchange, 3, "ike.key_exchange_payload_length", []string{"4"}},
		{exchange, 1, "ike.chosen_sa_attribute", []string{number(1, 7), number(14, 128), number(2, 2), number(4, 14), number(3, 1), number(11, 1), number(12, 86400)}},
		{exchange2, 1, "ike.chosen_sa_attribute", []string{number(1, 12), number(13, 5), number(3, 12), number(4, 14)}},
		{exchange2, 1, "ike.exchtype", []string{"34"}},
		{exchange2, 1, "ike.nonce_payload", nil},
	} {
		s := parsed(c.messages...)
		tx := s.Txs()[c.tx]
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, p, tx, tx.(*Tx).Direction(), c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of message %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestWeakProposalsAreOdd(t *testing.T) {
	for _, c := range []struct {
		name       string
		protocol   byte
		transforms []string
		want       []app.Event
	}{
		{"a good one", 1, strong, nil},
		{"one with authenticated encryption", 1, []string{transform2(1, 20), transform2(2, 5), transform2(4, 19)}, nil},
		{"3DES", 1, []string{transform2(1, 3), strong[1], strong[2], strong[3]}, []app.Event{EventWeakCryptoEnc}},
		{"SHA-1", 1, []string{strong[0], transform2(2, 2), transform2(3, 2), strong[3]}, []app.Event{EventWeakCryptoPrf, EventWeakCryptoAuth}},
		{"1024 bits", 1, []string{strong[0], strong[1], strong[2], transform2(4, 2)}, []app.Event{EventWeakCryptoDh}},
		{"no group and no authentication", 1, strong[:2], []app.Event{EventWeakCryptoNoDh, EventWeakCryptoNoAuth}},
		{"a group and a function that are none", 1, []string{strong[0], transform2(2, 0), strong[2], transform2(4, 0)}, []app.Event{EventInvalidProposal}},
		{"a type that is not known", 1, append(strong[:4:4], transform2(9, 1)), []app.Event{EventUnknownProposal}},
		{"no encryption", 2, strong, []app.Event{EventNoEncryption}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(apptest.Message{Dir: toClient, Data: message(server, 0x20, 34, 0x20, 0, payload{33, proposal2(true, c.protocol, c.transforms...)})})
			if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestOddMessages(t *testing.T) {
	first := exchange[0]
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		txs      int
		events   []app.Event
	}{
		{"a message that is cut", []apptest.Message{first, {Dir: toServer, Data: first.Data[:len(first.Data)-3]}}, 1, []app.Event{EventMalformedData}},
		{"a header that is cut", []apptest.Message{first, {Dir: toServer, Data: first.Data[:20]}}, 1, []app.Event{EventMalformedData}},
		{"another version", []apptest.Message{first, {Dir: toServer, Data: message(nobody, 0x30, 2, 0, 0)}}, 1, []app.Event{EventMalformedData}},
		{"an answer with two transforms", []apptest.Message{{Dir: toClient, Data: message(server, 0x10, 2, 0, 0, payload{1, association(1, proposal1(aes, aes))})}}, 1, []app.Event{EventMultipleServerProposal}},
		{"another domain of interpretation", []apptest.Message{{Dir: toServer, Data: message(nobody, 0x10, 2, 0, 0, payload{1, association(2, "whatever")})}}, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(c.messages...)
			if len(s.Txs()) != c.txs {
				t.Fatalf("%d messages, want %d", len(s.Txs()), c.txs)
			}
			if got := s.Txs()[c.txs-1].AppendEvents(nil); !slices.Equal(got, c.events) {
				t.Errorf("events %v, want %v", got, c.events)
			}
		})
	}
}

func TestAttributesGivenTwiceAreToldOnce(t *testing.T) {
	both := short(11, 1) + short(12, 3600) + short(11, 2) + long(12, "\x00\x00\x00\x01\x00\x00\x00\x00")
	s := parsed(apptest.Message{Dir: toServer, Data: message(nobody, 0x10, 2, 0, 0, payload{1, association(1, proposal1(both))})})
	want := `proposals: [{sa_life_type: "LifeTypeKilobytes", sa_life_type_raw: 2, sa_life_duration: "Unknown", sa_life_duration_raw: "0000000100000000"}]`
	if got := apptest.RecordText(s.Txs()[0].(*Tx)); !strings.Contains(got, want) {
		t.Errorf("record %s, want %s", got, want)
	}
}

func TestPayloadsThatAreMalformedLeaveAMessageWithoutAny(t *testing.T) {
	s := parsed(apptest.Message{Dir: toServer, Data: message(nobody, 0x20, 34, 8, 0, payload{40, "N"}, payload{33, "bad"})})
	if got := apptest.RecordText(s.Txs()[0].(*Tx)); !strings.Contains(got, `payload: [], ikev2: {errors: 0}`) {
		t.Errorf("record %s", got)
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want app.Answer
		dir  decoders.Direction
	}{
		{"version 1", exchange[0].Data, app.Yes, toServer},
		{"version 2", exchange2[0].Data, app.Yes, toServer},
		{"an answer", exchange2[1].Data, app.Yes, toClient},
		{"version 2 with another length", append(slices.Clone(exchange2[0].Data), 0), app.No, toServer},
		{"version 2 with an exchange of version 1", message(nobody, 0x20, 2, 8, 0), app.No, toServer},
		{"version 2.1", message(nobody, 0x21, 34, 8, 0), app.No, toServer},
		{"a header that is cut", exchange[0].Data[:27], app.No, toServer},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: c.data, Datagram: true, Dir: toClient}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("answer %d, want %d", got, c.want)
			}
			if got := NewParser().Direction(in); c.want == app.Yes && got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
	if NewParser().Probe(app.Input{Data: exchange[0].Data}) != app.No {
		t.Error("a stream is taken for IKE")
	}
}
