package quic

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func fromClient(packets ...[]byte) apptest.Message {
	return apptest.Message{Dir: toServer, Data: slices.Concat(packets...)}
}

func fromServer(packets ...[]byte) apptest.Message {
	return apptest.Message{Dir: toClient, Data: slices.Concat(packets...)}
}

func conversation(v version) []apptest.Message {
	hello := clientMessage()
	return []apptest.Message{
		fromClient(initial(v, toServer, cryptoOf(100, hello[100:]), []byte{framePing}, make([]byte, 30))),
		fromClient(initial(v, toServer, cryptoOf(0, hello[:100]))),
		fromServer(initial(v, toClient, []byte{frameAck, 1, 0, 1, 0, 0, 0}, cryptoOf(0, serverMessage())), long(0xe0, v)),
		fromClient(long(0xe0, v)),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "version 1", Datagram: true, Messages: conversation(version1), Min: 3, Allocates: "keys of every connection"},
		{Name: "Google", Datagram: true, Messages: []apptest.Message{
			fromClient(google46(tagged("PAD=---", "SNI=example.com", "UAID=browser"))), fromServer(google46([]byte("no tags"))),
			fromClient(google43(tagged("SNI=example.com", "VER=Q043"))),
		}, Min: 3},
		{Name: "a version that is not known", Datagram: true, Min: 1, Messages: []apptest.Message{
			fromClient(slices.Concat([]byte{0xc0, 0xfa, 0xce, 0xb0, 0x01, 0, 0, 0}, varint(len(cryptoOf(0, clientMessage()))), cryptoOf(0, clientMessage())))}},
	})
}

// TestRFC9001 opens the server's packet of RFC 9001 appendix A.3.
func TestRFC9001(t *testing.T) {
	packet, _ := hex.DecodeString("cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3db" +
		"cba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee")
	h, ok := parseHeader(packet)
	if !ok || h.kind != kindInitial || h.version != version1 {
		t.Fatalf("header %+v, %v", h, ok)
	}
	p := NewParser()
	plain, ok := p.open(p.initialKeys(version1, firstID), toClient, packet, h.size)
	if !ok || !bytes.HasPrefix(plain, []byte{frameAck, 0, 0, 0, 0, frameCrypto, 0, 0x40, 0x5a, serverHello}) {
		t.Errorf("%x, %v", plain, ok)
	}
}

func TestHellosAreToldOf(t *testing.T) {
	const extensions = `[{type: 64250}, {name: "server_name", type: 0, values: ["www.example.com"]}, {name: "alpn", type: 16, values: ["h3", "hq"]}, ` +
		`{name: "supported_groups", type: 10}, {name: "ec_point_formats", type: 11}, {name: "signature_algorithms", type: 13, values: ["1027", "2052"]}, ` +
		`{name: "supported_versions", type: 43, values: ["TlsVersion(10794 / 0x2a2a)", "Tls13", "Tls13Draft23"]}, {name: "quic_transport_parameters", type: 57}]`
	const client = `sni: "www.example.com", ja3: {hash: "3743d7f30a7868257c9a721b25b883ca", string: "771,6682-4865-4866,64250-0-16-10-11-13-43-57,19018-29-23,0"}, ` +
		`ja4: "q00d0207h3_62ed6f6ca7ad_90812eca6c7b", extensions: ` + extensions
	const server = `ja3s: {hash: "eb1d94daa7e0344597e756a1fb6e7054", string: "771,4865,51-43"}, ` +
		`extensions: [{name: "key_share", type: 51}, {name: "supported_versions", type: 43, values: ["Tls13"]}]`
	for name, v := range map[string]version{"1": version1, "v2": version2, "ff00001d": 0xff00001d, "ff000017": 0xff000017, "51303530": versionQ050} {
		s, _ := seen(conversation(v)...)
		want := []string{`{version: "` + name + `"}`, `{version: "` + name + `", ` + client + `}`, `{version: "` + name + `", ` + server + `}`}
		if len(s.Txs()) < len(want) {
			t.Fatalf("%s: %d packets, want at least %d", name, len(s.Txs()), len(want))
		}
		for i := range want {
			if got := apptest.RecordText(s.Txs()[i].(*Tx)); got != want[i] {
				t.Errorf("%s, packet %d\n%s\nwant\n%s", name, i, got, want[i])
			}
		}
		for _, tx := range s.Txs()[3:] {
			t.Errorf("%s: a packet behind the hello of its side: %s", name, apptest.RecordText(tx.(*Tx)))
		}
	}
}

func TestPacketsGiveWhatRulesAskFor(t *testing.T) {
	s, _ := seen(append(conversation(version2), fromClient(google46(tagged("SNI=a.b", "UAID=me", "VER=Q046"))))...)
	g, _ := seen(fromClient(google46(tagged("SNI=a.b", "UAID=me", "VER=Q046"))))
	old, _ := seen(fromClient(google43(tagged("SNI=a.b", "SNO=x"))))
	for _, c := range []struct {
		tx    app.Tx
		field string
		want  []string
	}{
		{s.Txs()[0], "quic.version", []string{"\x6b\x33\x43\xcf"}},
		{s.Txs()[0], "quic.sni", nil},
		{s.Txs()[1], "quic.sni", []string{"www.example.com"}},
		{s.Txs()[1], "quic.ua", nil},
		{g.Txs()[0], "quic.version", []string{"Q046"}},
		{g.Txs()[0], "quic.sni", []string{"a.b"}},
		{g.Txs()[0], "quic.ua", []string{"me"}},
		{g.Txs()[0], "quic.cyu.string", []string{"46,SNI-UAID-VER"}},
		{g.Txs()[0], "quic.cyu.hash", []string{"40bb1d8f23d89ee1df9f45e8752178a4"}},
		{old.Txs()[0], "quic.version", nil},
		{old.Txs()[0], "quic.cyu.string", []string{"43,SNI-SNO"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, NewParser(), c.tx, c.tx.(*Tx).Direction(), c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.field, got, c.want)
		}
	}
	hello, answer := s.Txs()[1], s.Txs()[2]
	for b, tx := range map[app.Buffer]app.Tx{app.JA3Hash: hello, app.JA3String: hello, app.JA4Hash: hello, app.JA3SHash: answer, app.JA3SString: answer} {
		for _, other := range s.Txs() {
			if _, ok := other.Buffer(b, 0); ok != (other == tx) {
				t.Errorf("buffer %d of packet %d: %v", b, other.ID(), ok)
			}
		}
	}
}

func TestWhatIsNotAsItShouldBe(t *testing.T) {
	hello := clientMessage()
	forged := initial(version1, toServer, cryptoOf(0, hello))
	forged[len(forged)-1] ^= 1
	tests := []struct {
		name     string
		messages []apptest.Message
		txs      int
		event    app.Event // of the last packet
		status   app.Status
	}{
		{"a packet that does not decrypt", []apptest.Message{fromClient(forged)}, 1, EventFailedDecrypt, app.StatusError},
		{"a server's packet with keys of its own", []apptest.Message{fromServer(initial(version1, toServer, cryptoOf(0, hello)))}, 1, EventFailedDecrypt, app.StatusError},
		{"a packet without room for a sample", []apptest.Message{fromClient(slices.Concat([]byte{0xc0, 0, 0, 0, 1}, with8(firstID), []byte{0, 0, 2, 1, 2}))}, 1, EventFailedDecrypt, app.StatusError},
		{"a frame that ends early", []apptest.Message{fromClient(initial(version1, toServer, []byte{frameAck, 1}))}, 1, EventErrorOnData, app.StatusError},
		{"a handshake that begins with a certificate", []apptest.Message{fromClient(initial(version1, toServer, cryptoOf(0, []byte{11, 0, 0, 1, 0})))}, 1, EventErrorOnData, app.StatusError},
		{"a hello with a session that is too long", []apptest.Message{fromClient(initial(version1, toServer,
			cryptoOf(0, slices.Concat([]byte{clientHello}, with24(slices.Concat(make([]byte, 34), []byte{33}, make([]byte, 80)))))))}, 1, EventErrorOnData, app.StatusError},
		{"a hello with an odd list of ciphers", []apptest.Message{fromClient(initial(version1, toServer,
			cryptoOf(0, slices.Concat([]byte{clientHello}, with24(slices.Concat(make([]byte, 35), []byte{0, 3}, make([]byte, 80)))))))}, 1, EventErrorOnData, app.StatusError},
		{"a hello that ends early waits", []apptest.Message{fromClient(initial(version1, toServer, cryptoOf(0, []byte{clientHello, 0, 0, 2, 3, 3})))}, 1, app.EventNone, app.StatusOK},
		{"a piece too far behind the start", []apptest.Message{fromClient(initial(version1, toServer, cryptoOf(70000, []byte{1})))}, 1, EventCryptoFragTooLong, app.StatusOK},
		{"a frame of another type ends the packet", []apptest.Message{fromClient(initial(version1, toServer, []byte{0x1c, 9}, cryptoOf(0, hello)))}, 1, app.EventNone, app.StatusOK},
		{"two packets in a datagram", []apptest.Message{fromClient(initial(version1, toServer, cryptoOf(9, hello[9:])), initial(version1, toServer, cryptoOf(0, hello[:9])))}, 2, app.EventNone, app.StatusOK},
		{"a short header says nothing", []apptest.Message{fromClient([]byte{0x40, 1, 2, 3})}, 0, app.EventNone, app.StatusOK},
		{"a length behind the end of the datagram", []apptest.Message{fromClient([]byte{0xc0, 0, 0, 0, 1, 0, 0, 0, 9, 1})}, 0, app.EventNone, app.StatusError},
		{"version negotiation", []apptest.Message{fromServer(long(0x80, 0))}, 1, app.EventNone, app.StatusOK},
	}
	for _, c := range tests {
		s, results := seen(c.messages...)
		last := results[len(results)-1]
		if len(s.Txs()) != c.txs || last.Status != c.status {
			t.Errorf("%s: %d packets, %+v", c.name, len(s.Txs()), last)
			continue
		}
		var got, want []app.Event
		if c.txs > 0 {
			got = s.Txs()[c.txs-1].AppendEvents(nil)
		}
		if c.event != app.EventNone {
			want = []app.Event{c.event}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: events %v, want %v", c.name, got, want)
		}
	}
}

// TestARetryMakesNewKeys has the client begin anew with the connection ID that
// the server chose: here, another first packet as the server of a new one.
func TestARetryMakesNewKeys(t *testing.T) {
	hello := initial(version1, toServer, cryptoOf(0, clientMessage()))
	s, _ := seen(fromClient(hello), fromServer(long(0xf0, version1)), fromClient(hello))
	if n := len(s.Txs()); n != 3 || s.Txs()[2].AppendEvents(nil) != nil {
		t.Fatalf("%d packets", n)
	}
	if _, ok := s.Txs()[2].Buffer(app.JA4Hash, 0); !ok {
		t.Error("the second hello was not read")
	}
	s.Parse(app.Input{Data: long(0xf0, version1), Dir: toClient, Datagram: true})
	s.Parse(app.Input{Data: hello, Dir: toServer, Datagram: true})
	if n := len(s.Txs()); n != 4 {
		t.Errorf("%d packets: a second Retry counts", n)
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		ok   bool
		kind kind
		size int
	}{
		{"nothing", nil, false, 0, 0},
		{"Initial of version 1", slices.Concat([]byte{0xc0, 0, 0, 0, 1, 1, 9, 1, 8, 2, 7, 7, 1}, []byte{5}), true, kindInitial, 13},
		{"0-RTT", []byte{0xd0, 0, 0, 0, 1, 0, 0}, true, kindZeroRTT, 7},
		{"Handshake", []byte{0xe0, 0, 0, 0, 1, 0, 0}, true, kindHandshake, 7},
		{"Retry", []byte{0xf0, 0, 0, 0, 1, 0, 0}, true, kindRetry, 7},
		{"Retry of version 2", []byte{0xc0, 0x6b, 0x33, 0x43, 0xcf, 0, 0}, true, kindRetry, 7},
		{"Handshake of version 2", []byte{0xf0, 0x6b, 0x33, 0x43, 0xcf, 0, 0}, true, kindHandshake, 7},
		{"version negotiation", []byte{0x80, 0, 0, 0, 0, 0, 0}, true, kindVersionNegotiation, 7},
		{"Handshake of Q044", []byte{0xfd, 'Q', '0', '4', '4', 0}, true, kindHandshake, 6},
		{"no type of Q044", []byte{0xf1, 'Q', '0', '4', '4', 0}, false, 0, 0},
		{"Initial of Q045 without its hash", []byte{0xff, 'Q', '0', '4', '5', 0, 1, 2, 3, 4}, false, 0, 0},
		{"a connection ID that ends early", []byte{0xc0, 0, 0, 0, 1, 9, 1}, false, 0, 0},
		{"short", []byte{0x40}, true, kindShort, 1},
		{"public without a version", []byte{0x08, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5}, true, kindShort, 22},
		{"public with a nonce that ends early", []byte{0x04, 1, 2, 3}, false, 0, 0},
	} {
		h, ok := parseHeader(c.data)
		if ok != c.ok || ok && (h.kind != c.kind || h.size != c.size) {
			t.Errorf("%s: %+v, %v", c.name, h, ok)
		}
	}
}

// TestCryptoFramesComeInAnyOrder holds the reassembly against a plain copy.
func TestCryptoFramesComeInAnyOrder(t *testing.T) {
	whole := make([]byte, 3000)
	for i := range whole {
		whole[i] = byte(i*7 + i>>8)
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var c crypto
		have := make([]bool, len(whole))
		for range 60 {
			at := r.IntN(len(whole))
			n := min(1+r.IntN(400), len(whole)-at)
			if !c.add(uint64(at), whole[at:at+n]) {
				t.Fatalf("seed %d: a piece is refused", seed)
			}
			for i := at; i < at+n; i++ {
				have[i] = true
			}
			want := slices.Index(have, false)
			if want < 0 {
				want = len(whole)
			}
			if got := c.start(); !bytes.Equal(got, whole[:want]) {
				t.Fatalf("seed %d: %d bytes from the start, want %d", seed, len(got), want)
			}
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var c crypto
	for i := range 2 * maxRanges {
		if ok := c.add(uint64(2*i), []byte{1}); ok != (i < maxRanges) {
			t.Fatalf("piece %d: %v", i, ok)
		}
	}
	s, _ := seen()
	for range 2 * maxTxs {
		s.Parse(app.Input{Data: long(0xe0, version1), Dir: toServer, Datagram: true})
	}
	if len(s.Txs()) != maxTxs {
		t.Errorf("%d packets live", len(s.Txs()))
	}
	var many []byte
	for range 4 * maxNumbers {
		many = append(many, 0x0a, 0x01)
	}
	s.Reset()
	big := slices.Concat([]byte{clientHello}, with24(slices.Concat(u16(0x0303), make([]byte, 33), with16(many), []byte{0},
		with16(extensionOf(extSignatures, with16(many[:16000]))))))
	s.packet(&header{kind: kindInitial, length: len(cryptoOf(0, big))}, cryptoOf(0, big), toServer)
	tx := s.Txs()[0].(*Tx)
	if _, ok := tx.Buffer(app.JA3Hash, 0); !ok || len(tx.values) > maxNumbers || len(s.parser.numbers.ciphers) != maxNumbers {
		t.Errorf("%d values, %d ciphers, JA3 %v", len(tx.values), len(s.parser.numbers.ciphers), ok)
	}
}

func TestKeysAreLetGoWhenBothSidesAreHeard(t *testing.T) {
	messages := conversation(version1)
	s, _ := seen(messages[:2]...)
	if s.keys == nil {
		t.Error("keys are gone before the server was heard")
	}
	if s, _ = seen(messages...); s.keys != nil {
		t.Error("keys are kept although nothing more is opened")
	}
}

func TestProbe(t *testing.T) {
	p := NewParser()
	for data, want := range map[string]app.Answer{
		string(initial(version1, toServer, cryptoOf(0, clientMessage()))): app.Yes, "\x40short": app.Yes, "\xc0\x00": app.No,
		string(google43(tagged())): app.Yes, "\xc0\x00\x00\x00\x01\xff": app.No,
	} {
		if got := p.Probe(app.Input{Data: []byte(data), Datagram: true}); got != want {
			t.Errorf("%.8q: %d, want %d", data, got, want)
		}
	}
	if p.Probe(app.Input{Data: initial(version1, toServer, make([]byte, 9))}) != app.No {
		t.Error("a stream is no QUIC")
	}
}

func FuzzDatagrams(f *testing.F) {
	for _, v := range []version{version1, version2, 0xff00001d} {
		for _, m := range conversation(v) {
			f.Add(m.Data, []byte{0, byte(m.Dir)})
		}
	}
	f.Add(google46(tagged("SNI=a.b", "UAID=me")), []byte{0})
	f.Add(google43(tagged("SNI=a.b", "VER=Q043")), []byte{0})
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

// FuzzFrames reads frames as they are once decrypted, in two packets.
func FuzzFrames(f *testing.F) {
	hello := clientMessage()
	f.Add(cryptoOf(0, hello), []byte{}, false)
	f.Add(cryptoOf(20, hello[20:]), cryptoOf(0, hello[:20]), false)
	f.Add(slices.Concat([]byte{frameAckECN, 1, 0, 1, 0, 0, 0, 1, 1, 1}, cryptoOf(0, serverMessage())), []byte{}, true)
	f.Add(slices.Concat([]byte{frameGoogleCrypto, 0}, varint(len(tagged("SNI=x"))), tagged("SNI=x")), []byte{0xa0, 1, 0, 0}, false)
	f.Fuzz(func(t *testing.T, a, b []byte, server bool) {
		s := newParser().New().(*State)
		dir := decoders.Direction(toServer)
		if server {
			dir = toClient
		}
		for _, data := range [][]byte{a, b} {
			h := header{kind: kindInitial, long: true, version: versionQ046, length: len(data)}
			s.packet(&h, data, dir)
		}
		for _, tx := range s.Txs() {
			tx := tx.(*Tx)
			if text := apptest.RecordText(tx); !strings.HasPrefix(text, "{") {
				t.Error(text)
			}
			if len(tx.text) > 2*maxText || len(tx.extensions) > maxNumbers {
				t.Errorf("%d bytes, %d extensions", len(tx.text), len(tx.extensions))
			}
		}
	})
}
