package shape_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/exporter"
	"spanwatch/exporter/document"
	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
	"spanwatch/exporter/schema"
	"spanwatch/exporter/shape"
)

// memory keeps what it is given.
type memory struct{ bodies []string }

func (*memory) Name() string { return "memory" }
func (*memory) Close() error { return nil }
func (m *memory) Deliver(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
	for i := range records {
		m.bodies = append(m.bodies, string(records[i].Body))
		tally.Delivered(&records[i])
	}
	return nil
}

// send puts whole events through a shaped sink and a real outlet and returns
// what arrived and the accounts.
func send(t *testing.T, o shape.Options, events ...sent) ([]string, exporter.TypeCounts) {
	t.Helper()
	m := &memory{}
	s, err := shape.Wrap(m, o)
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.NewEncoder(event.Options{Strict: true}) // Finish adds nothing but the brace
	if err != nil {
		t.Fatal(err)
	}
	outlet := exporter.NewOutlet(s, exporter.Config{QueueBytes: 1 << 30})
	x := exporter.New(e, 0, outlet)
	for i, ev := range events {
		x.Append(ev.typ, []byte(strings.TrimSuffix(ev.body, "}")), event.ID{byte(i), byte(i >> 8)}, []byte(ev.key), 0)
	}
	x.Close()
	if err := outlet.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts := outlet.Snapshot()
	total := counts.Total()
	if total.Made != uint64(len(events)) || total.Balance() != 0 || total.Delivered != uint64(len(m.bodies)) {
		t.Fatalf("accounts do not add up: %+v, %d arrived", total, len(m.bodies))
	}
	return m.bodies, total
}

type sent struct {
	typ  event.Type
	key  string
	body string
}

func TestFilterLetsThroughWhatItSays(t *testing.T) {
	alert := func(severity int, src, dst string) sent {
		return sent{event.TypeAlert, "", fmt.Sprintf(`{"src_ip":%q,"dest_ip":%q,"alert":{"severity":%d}}`, src, dst, severity)}
	}
	flow := sent{event.TypeFlow, "", `{"src_ip":"10.1.2.3","dest_ip":"2001:db8::5"}`}
	stats := sent{event.TypeStats, "", `{"stats":{}}`}
	all := []sent{alert(1, "10.0.0.1", "192.0.2.1"), alert(3, "192.0.2.9", "10.0.0.1"), alert(2, "192.0.2.7", "198.51.100.2"), flow, stats}
	ten, other := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}
	for name, c := range map[string]struct {
		filter   shape.Filter
		passed   int
		filtered map[exporter.FilterReason]uint64
	}{
		"nothing":           {shape.Filter{}, 5, nil},
		"types":             {shape.Filter{Types: []event.Type{event.TypeAlert, event.TypeStats}}, 4, map[exporter.FilterReason]uint64{exporter.FilterType: 1}},
		"severity":          {shape.Filter{Severity: 2}, 4, map[exporter.FilterReason]uint64{exporter.FilterSeverity: 1}},
		"networks":          {shape.Filter{Networks: ten}, 4, map[exporter.FilterReason]uint64{exporter.FilterNetwork: 1}},
		"excluded networks": {shape.Filter{NotNetworks: ten}, 2, map[exporter.FilterReason]uint64{exporter.FilterNetwork: 3}},
		"both networks":     {shape.Filter{Networks: ten, NotNetworks: other}, 3, map[exporter.FilterReason]uint64{exporter.FilterNetwork: 2}},
		"several at once": {shape.Filter{Types: []event.Type{event.TypeAlert}, Severity: 2, Networks: ten}, 1,
			map[exporter.FilterReason]uint64{exporter.FilterType: 2, exporter.FilterSeverity: 1, exporter.FilterNetwork: 1}},
	} {
		got, counts := send(t, shape.Options{Filter: c.filter}, all...)
		filtered := map[exporter.FilterReason]uint64{}
		for r, n := range counts.Filtered {
			if n > 0 {
				filtered[exporter.FilterReason(r)] = n
			}
		}
		if len(got) != c.passed || !maps.Equal(filtered, c.filtered) {
			t.Errorf("%s: %d passed, filtered %v; want %d, %v", name, len(got), filtered, c.passed, c.filtered)
		}
	}
}

func TestASampleKeepsWholeFlowsAndItsShare(t *testing.T) {
	const flows = 20_000
	var events []sent
	for i := range flows {
		key := fmt.Sprintf("1:%027d=", i)
		for range 2 {
			events = append(events, sent{event.TypeDNS, key, fmt.Sprintf(`{"community_id":%q}`, key)})
		}
		events = append(events, sent{event.TypeAlert, key, `{"alert":{}}`})
	}
	got, counts := send(t, shape.Options{Filter: shape.Filter{Sample: map[event.Type]float64{event.TypeDNS: 0.1}}}, events...)
	perFlow := map[string]int{}
	alerts := 0
	for _, body := range got {
		if strings.Contains(body, "alert") {
			alerts++
			continue
		}
		perFlow[body]++
	}
	if alerts != flows {
		t.Errorf("%d alerts of %d: a sample of one type touches another", alerts, flows)
	}
	if n := len(perFlow); n < flows/10*85/100 || n > flows/10*115/100 {
		t.Errorf("%d of %d flows are in a sample of a tenth", n, flows)
	}
	for body, n := range perFlow {
		if n != 2 {
			t.Fatalf("%d of 2 events of %s are in the sample", n, body)
		}
	}
	if counts.Filtered[exporter.FilterSampled] != uint64(len(events)-len(got)) {
		t.Errorf("filtered %v", counts.Filtered)
	}
}

func TestWhatChangesNothingIsNotWrapped(t *testing.T) {
	m := &memory{}
	if s, err := shape.Wrap(m, shape.Options{}); err != nil || s != exporter.Sink(m) {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestRedactionRemovesOrHashes(t *testing.T) {
	const body = `{"timestamp":"t","event_type":"http","http":{"url":"/a?user=x&password=hunter2&t=1","http_user_agent":"curl",` +
		`"request_headers":[{"name":"Host","value":"h"},{"name":"Cookie","value":"id=1"}]},"tls":{"sni":"s"},` +
		`"email":{"to":["a","b"]},"payload":"QQ==","payload_printable":"A","metadata":{"flowvars":[{"ua":"x"}]},"app_proto":"http"}`
	hash := func(text string) string { return fmt.Sprintf("%q", hmacHex("k", text)) }
	for name, c := range map[string]struct {
		redaction shape.Redaction
		gone      []string
		there     []string
	}{
		"a member":                         {shape.Redaction{Fields: []string{"http.http_user_agent"}}, []string{"http_user_agent", "curl"}, []string{`"url"`}},
		"the only member, with its object": {shape.Redaction{Fields: []string{"tls.sni"}}, []string{`"tls"`}, []string{`"http"`}},
		"a hash": {shape.Redaction{Fields: []string{"tls.sni", "email.to"}, Hash: true, Key: []byte("k")}, []string{`"s"`, `"a"`},
			[]string{`"tls":{"sni":` + hash("s") + `}`, `"to":[` + hash("a") + "," + hash("b") + `]`}},
		"the payload profile": {shape.Redaction{Profiles: []shape.Profile{shape.ProfilePayload}},
			[]string{"payload", "flowvars"}, []string{"hunter2"}},
		"the http-body profile": {shape.Redaction{Profiles: []shape.Profile{shape.ProfileHTTPBody}}, []string{"payload"}, []string{"hunter2"}},
		"the credentials profile": {shape.Redaction{Profiles: []shape.Profile{shape.ProfileCredentials}},
			[]string{"hunter2", "id=1", "payload"}, []string{`"/a?user=x&password=***&t=1"`, `{"name":"Cookie"}`, `{"name":"Host","value":"h"}`}},
		"the credentials profile, hashed": {shape.Redaction{Profiles: []shape.Profile{shape.ProfileCredentials}, Hash: true, Key: []byte("k")},
			[]string{"hunter2", "id=1", "payload"},
			[]string{"password=" + hmacHex("k", "hunter2") + "&t=1", `{"name":"Cookie","value":` + hash("id=1") + `}`}},
	} {
		got, _ := send(t, shape.Options{Redaction: c.redaction}, sent{event.TypeHTTP, "", body})
		if len(got) != 1 || !json.Valid([]byte(got[0])) {
			t.Fatalf("%s: got %q", name, got)
		}
		for _, s := range c.gone {
			if strings.Contains(got[0], s) {
				t.Errorf("%s: %s is still there: %s", name, s, got[0])
			}
		}
		for _, s := range c.there {
			if !strings.Contains(got[0], s) {
				t.Errorf("%s: %s is not there: %s", name, s, got[0])
			}
		}
	}
}

func TestTheCredentialsProfileKnowsItsPlaces(t *testing.T) {
	for name, c := range map[string]struct{ body, secret, kept string }{
		"FTP password":        {`{"ftp":{"command":"PASS","command_data":"s3cret","reply_received":"yes"}}`, "s3cret", `"PASS"`},
		"FTP user":            {`{"ftp":{"command":"USER","command_data":"alice"}}`, "", "alice"},
		"basic auth":          {`{"http":{"request_headers":[{"name":"authorization","value":"Basic c2VjcmV0"}]}}`, "c2VjcmV0", "authorization"},
		"set-cookie":          {`{"http":{"response_headers":[{"name":"Set-Cookie","value":"sid=c2VjcmV0"}]}}`, "c2VjcmV0", "Set-Cookie"},
		"user part of a URL":  {`{"http":{"http_refer":"http://bob:s3cret@host/x"}}`, "s3cret", "http://bob:***@host/x"},
		"a token in a query":  {`{"http":{"url":"/x?access_token=s3cret#top"}}`, "s3cret", "/x?access_token=***#top"},
		"an API key":          {`{"http":{"redirect":"https://h/?API-Key=s3cret"}}`, "s3cret", "API-Key=***"},
		"an innocent query":   {`{"http":{"url":"/x?passenger=7&encode=1&q=token"}}`, "", "/x?passenger=7&encode=1&q=token"},
		"two in one URL":      {`{"http":{"url":"/x?pwd=s3cret&b=1&token=s3cret"}}`, "s3cret", "/x?pwd=***&b=1&token=***"},
		"a value with quotes": {`{"http":{"url":"/x?pwd=s3cret\"s3cret&a=1"}}`, `s3cret&`, "a=1"},
		"an MQTT password":    {`{"mqtt":{"connect":{"qos":0,"username":"alice","password":"s3cret"}}}`, "s3cret", "alice"},
		"a POP3 password":     {`{"pop3":{"request":{"command":"pass","args":["s3cret"]}}}`, "s3cret", "pass"},
		"a POP3 command":      {`{"pop3":{"request":{"command":"USER","args":["alice"]}}}`, "", "alice"},
		"an RDP user":         {`{"rdp":{"event_type":"initial_request","cookie":"alice"}}`, "", "alice"},
		"a VNC response":      {`{"rfb":{"authentication":{"vnc":{"challenge":"00ff","response":"c39d"}}}}`, "c39d", "00ff"},
		"a frame's bytes":     {`{"frame":{"type":"x","payload":"czNjcmV0"}}`, "czNjcmV0", `"type":"x"`},
		"nothing at all":      {`{"dns":{}}`, "", "dns"},
	} {
		got, _ := send(t, shape.Options{Redaction: shape.Redaction{Profiles: []shape.Profile{shape.ProfileCredentials}}}, sent{event.TypeHTTP, "", c.body})
		if !json.Valid([]byte(got[0])) || c.secret != "" && strings.Contains(got[0], c.secret) || !strings.Contains(got[0], c.kept) {
			t.Errorf("%s: got %s", name, got[0])
		}
	}
}

func TestConfigurationFaultsAreToldTogether(t *testing.T) {
	for name, c := range map[string]struct {
		options shape.Options
		want    []error
	}{
		"unknown field and profile": {shape.Options{Redaction: shape.Redaction{Fields: []string{"http.pasword"}, Profiles: []shape.Profile{"all"}}},
			[]error{shape.ErrUnknownField, shape.ErrUnknownProfile}},
		"what consumers need":        {shape.Options{Redaction: shape.Redaction{Fields: []string{"event_id"}}}, []error{shape.ErrNeededField}},
		"a required member":          {shape.Options{Redaction: shape.Redaction{Fields: []string{"alert.signature"}}}, []error{shape.ErrNeededField}},
		"half of a pair":             {shape.Options{Redaction: shape.Redaction{Fields: []string{"src_ip"}}}, []error{shape.ErrNeededField}},
		"the hash of an address":     {shape.Options{Redaction: shape.Redaction{Fields: []string{"src_ip"}, Hash: true}}, []error{shape.ErrNotHashed}},
		"a sample of nothing":        {shape.Options{Filter: shape.Filter{Sample: map[event.Type]float64{event.TypeDNS: 0}}}, []error{shape.ErrSample}},
		"a sample of more than all":  {shape.Options{Filter: shape.Filter{Sample: map[event.Type]float64{event.TypeDNS: 1.5}}}, []error{shape.ErrSample}},
		"a severity that is not one": {shape.Options{Filter: shape.Filter{Severity: -1}}, []error{shape.ErrSeverity}},
	} {
		_, err := shape.Wrap(&memory{}, c.options)
		for _, want := range c.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		}
	}
}

// eventLines are the encoder's golden events.
func eventLines(t *testing.T) (out []sent) {
	t.Helper()
	files, err := filepath.Glob("../event/testdata/golden/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden events: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range bytes.Lines(data) {
			text = bytes.TrimSpace(text)
			name := strings.Trim(string(document.Find(text, "event_type")), `"`)
			if i := slices.IndexFunc(event.Types(), func(t event.Type) bool { return t.String() == name }); i >= 0 {
				out = append(out, sent{event.Types()[i], "", string(text)})
			}
		}
	}
	return out
}

// TestWhateverIsTakenOutTheRestIsValid takes every field out of every event,
// one at a time, in both ways: what the configuration accepts must leave
// events that the schema accepts.
func TestWhateverIsTakenOutTheRestIsValid(t *testing.T) {
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := schema.Flatten(event.Schema)
	if err != nil {
		t.Fatal(err)
	}
	events := eventLines(t)
	accepted := 0
	check := func(r shape.Redaction) {
		if _, err := shape.Wrap(&memory{}, shape.Options{Redaction: r}); err != nil {
			return
		}
		accepted++
		got, _ := send(t, shape.Options{Redaction: r}, events...)
		for i, body := range got {
			if body == events[i].body {
				continue
			}
			if err := v.Validate([]byte(body)); err != nil {
				t.Errorf("%v: %v\nbefore %.300s\nafter  %.300s", r, err, events[i].body, body)
				return
			}
		}
	}
	for _, f := range fields {
		if strings.HasPrefix(f.Path, "stats.") || strings.Contains(f.Path, "*") {
			continue // open trees, of which every part is optional
		}
		check(shape.Redaction{Fields: []string{f.Path}})
		check(shape.Redaction{Fields: []string{f.Path}, Hash: true})
	}
	for _, p := range shape.Profiles() {
		check(shape.Redaction{Profiles: []shape.Profile{p}})
		check(shape.Redaction{Profiles: []shape.Profile{p}, Hash: true, Key: []byte("k")})
	}
	if accepted < 150 {
		t.Errorf("only %d redactions were accepted", accepted)
	}
}

func TestASinkCanHaveECSAfterRedaction(t *testing.T) {
	text, err := ecs.Schema()
	if err != nil {
		t.Fatal(err)
	}
	v, err := eventtest.NewValidatorOf(ecs.SchemaID, text)
	if err != nil {
		t.Fatal(err)
	}
	events := eventLines(t)
	got, _ := send(t, shape.Options{ECS: true, Redaction: shape.Redaction{Profiles: shape.Profiles(), Fields: []string{"http.url"}}}, events...)
	for _, body := range got {
		if err := v.Validate([]byte(body)); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
		if strings.Contains(body, `"payload":`) || strings.Contains(body, `"original":"/a`) {
			t.Errorf("redacted members are in the ECS document: %s", body)
		}
	}
}

func TestAnEventThatCanNotBeReadIsDroppedAndCounted(t *testing.T) {
	got, counts := send(t, shape.Options{ECS: true}, sent{event.TypeFlow, "", `{"a":}`}, sent{event.TypeFlow, "", `{"a":1}`})
	if len(got) != 1 || counts.Dropped[exporter.DropEncoding] != 1 {
		t.Errorf("got %q, %+v", got, counts)
	}
}

// forerun notes what it gets ahead of Deliver.
type forerun struct {
	memory
	ahead []string
}

func (f *forerun) Ahead(records []exporter.Record, _ bool) {
	for i := range records {
		f.ahead = append(f.ahead, string(records[i].Body))
	}
}

func TestWhatIsWrittenAheadIsWhatDeliverLetsThrough(t *testing.T) {
	for name, o := range map[string]shape.Options{
		"severity":  {Filter: shape.Filter{Severity: 1}},
		"sample":    {Filter: shape.Filter{Sample: map[event.Type]float64{event.TypeAlert: 0.5}}},
		"redaction": {Redaction: shape.Redaction{Fields: []string{"alert.signature"}, Hash: true, Key: []byte("k"), Profiles: shape.Profiles()}},
		"ecs":       {ECS: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forerun{}
			s, err := shape.Wrap(f, o)
			if err != nil {
				t.Fatal(err)
			}
			var records []exporter.Record
			for i, ev := range eventLines(t) {
				for n := range 8 {
					records = append(records, exporter.Record{
						Type: ev.typ, ID: event.ID{byte(i), byte(n)}, Key: []byte{byte(i), byte(n)}, Body: []byte(ev.body),
					})
				}
			}
			s.(exporter.AheadWriter).Ahead(records, false)
			var tally exporter.Tally
			if err := s.Deliver(t.Context(), records, &tally); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, body := range f.bodies {
				if strings.Contains(body, `"alert"`) && (o.ECS || strings.Contains(body, `"event_type":"alert"`)) {
					want = append(want, body)
				}
			}
			if len(f.ahead) == 0 || !o.ECS && !slices.Equal(f.ahead, want) {
				t.Errorf("%d ahead, %d alerts delivered", len(f.ahead), len(want))
			}
			for _, body := range f.ahead {
				if !slices.Contains(f.bodies, body) {
					t.Errorf("ahead, but not delivered: %s", body)
				}
			}
		})
	}
}
