package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func newEncoder(t testing.TB, o event.Options) *event.Encoder {
	t.Helper()
	e, err := event.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func fullOptions() event.Options {
	return event.Options{Sensor: "probe-1", Run: "r1", Payload: true, PayloadPrintable: true, Packet: true}
}

// sample is one event as an encoder writes it, complete.
type sample struct {
	name   string
	typ    event.Type
	encode func(e *event.Encoder, dst []byte) []byte
}

func samples(e *event.Encoder) []sample {
	alert, flow, netflow, anomaly, dns, stats := fullAlert(e), fullFlow(), fullNetflow(), fullAnomaly(), fullDNS(), fullStats()
	request := fullDNS()
	request.Response, request.Flags = false, 0x0140
	bareRule := event.AppendRule(nil, &event.Rule{})
	finish := func(e *event.Encoder, dst []byte, t event.Type, v *event.Envelope, gid, sid uint32) []byte {
		return e.Finish(dst, 1<<63, e.ID(t, v, gid, sid))
	}
	dnsSample := func(name string, d *event.DNS) sample {
		return sample{name, event.TypeDNS, func(e *event.Encoder, dst []byte) []byte {
			for i := range e.DNSCount(d) {
				if i > 0 {
					dst = append(dst, '\n')
				}
				dst = finish(e, e.AppendDNS(dst, d, i), event.TypeDNS, &d.Envelope, 0, 0)
			}
			return dst
		}}
	}
	alertSample := func(name string, a *event.Alert) sample {
		return sample{name, event.TypeAlert, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendAlert(dst, a), event.TypeAlert, &a.Envelope, a.GID, a.SID)
		}}
	}
	flowSample := func(name string, f *event.Flow) sample {
		return sample{name, event.TypeFlow, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendFlow(dst, f), event.TypeFlow, &f.Envelope, 0, 0)
		}}
	}
	netflowSample := func(name string, n *event.Netflow) sample {
		return sample{name, event.TypeNetflow, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendNetflow(dst, n), event.TypeNetflow, &n.Envelope, 0, 0)
		}}
	}
	anomalySample := func(name string, a *event.Anomaly) sample {
		return sample{name, event.TypeAnomaly, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendAnomaly(dst, a), event.TypeAnomaly, &a.Envelope, 0, 0)
		}}
	}
	httpSample := func(name string, h *event.HTTP) sample {
		return sample{name, event.TypeHTTP, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendHTTP(dst, h), event.TypeHTTP, &h.Envelope, 0, 0)
		}}
	}
	fileSample := func(name string, f *event.FileInfo) sample {
		return sample{name, event.TypeFileInfo, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendFileInfo(dst, f), event.TypeFileInfo, &f.Envelope, 0, 0)
		}}
	}
	tlsSample := func(name string, x *event.TLS) sample {
		return sample{name, event.TypeTLS, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendTLS(dst, x), event.TypeTLS, &x.Envelope, 0, 0)
		}}
	}
	sshSample := func(name string, x *event.SSH) sample {
		return sample{name, event.TypeSSH, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendSSH(dst, x), event.TypeSSH, &x.Envelope, 0, 0)
		}}
	}
	smtpSample := func(name string, x *event.SMTP) sample {
		return sample{name, event.TypeSMTP, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendSMTP(dst, x), event.TypeSMTP, &x.Envelope, 0, 0)
		}}
	}
	ftpSample := func(name string, x *event.FTP) sample {
		return sample{name, event.TypeFTP, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendFTP(dst, x), event.TypeFTP, &x.Envelope, 0, 0)
		}}
	}
	ftpDataSample := func(name string, x *event.FTPData) sample {
		return sample{name, event.TypeFTPData, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendFTPData(dst, x), event.TypeFTPData, &x.Envelope, 0, 0)
		}}
	}
	arpSample := func(name string, x *event.ARP) sample {
		return sample{name, event.TypeARP, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendARP(dst, x), event.TypeARP, &x.Envelope, 0, 0)
		}}
	}
	engineSample := func(name string, x *event.Engine) sample {
		return sample{name, event.TypeEngine, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendEngine(dst, x), event.TypeEngine, &x.Envelope, 0, 0)
		}}
	}
	recordSample := func(name string, t event.Type, object func(*event.Object), beside string) sample {
		x := &event.App{Envelope: fullEnvelope(), Type: t, Beside: []byte(beside)}
		var o event.Object
		o.Begin(nil)
		object(&o)
		x.Object = o.Finish()
		return sample{name, t, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendApp(dst, x), t, &x.Envelope, 0, 0)
		}}
	}
	namedSample := func(name string, t event.Type, object func(*event.Object)) sample {
		return recordSample(name, t, object, "")
	}
	appSample := func(t event.Type, object func(*event.Object)) sample {
		return namedSample(t.String()+"_full", t, object)
	}
	overloadSample := func(name string, o *event.Overload) sample {
		return sample{name, event.TypeOverload, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendOverload(dst, o), event.TypeOverload, &o.Envelope, 0, 0)
		}}
	}
	statsSample := func(name string, s *event.Stats) sample {
		return sample{name, event.TypeStats, func(e *event.Encoder, dst []byte) []byte {
			return finish(e, e.AppendStats(dst, s), event.TypeStats, &s.Envelope, 0, 0)
		}}
	}
	return []sample{
		alertSample("alert_full", alert),
		alertSample("alert_empty", &event.Alert{Rule: bareRule}),
		flowSample("flow_full", flow),
		flowSample("flow_empty", &event.Flow{}),
		netflowSample("netflow_full", netflow),
		netflowSample("netflow_empty", &event.Netflow{}),
		anomalySample("anomaly_full", anomaly),
		anomalySample("anomaly_empty", &event.Anomaly{}),
		dnsSample("dns_response_full", dns),
		dnsSample("dns_request_full", request),
		dnsSample("dns_empty", &event.DNS{}),
		httpSample("http_full", fullHTTP()),
		httpSample("http_empty", &event.HTTP{}),
		namedSample("http2_full", event.TypeHTTP, fullHTTP2),
		fileSample("fileinfo_full", fullFileInfo(e)),
		fileSample("fileinfo_empty", &event.FileInfo{}),
		tlsSample("tls_full", fullTLS()),
		tlsSample("tls_empty", &event.TLS{}),
		sshSample("ssh_full", fullSSH()),
		sshSample("ssh_empty", &event.SSH{}),
		appSample(event.TypeSIP, fullSIP),
		appSample(event.TypeMQTT, fullMQTT),
		appSample(event.TypeDCERPC, fullDCERPC),
		appSample(event.TypeSMB, fullSMB),
		appSample(event.TypeDHCP, fullDHCP),
		appSample(event.TypeNTP, fullNTP),
		appSample(event.TypeTFTP, fullTFTP),
		appSample(event.TypeKRB5, fullKRB5),
		appSample(event.TypeQUIC, fullQUIC),
		appSample(event.TypeWebSocket, fullWebSocket),
		appSample(event.TypeModbus, fullModbus),
		appSample(event.TypeDNP3, fullDNP3),
		appSample(event.TypeENIP, fullENIP),
		appSample(event.TypeSNMP, fullSNMP),
		recordSample("nfs_full", event.TypeNFS, fullNFS, rpcMember),
		appSample(event.TypeIKE, fullIKE),
		appSample(event.TypeLDAP, fullLDAP),
		appSample(event.TypePgSQL, fullPgSQL),
		appSample(event.TypeRFB, fullRFB),
		appSample(event.TypeMDNS, fullMDNS),
		appSample(event.TypeRDP, fullRDP),
		appSample(event.TypeBittorrentDHT, fullBittorrentDHT),
		appSample(event.TypePOP3, fullPOP3),
		smtpSample("smtp_full", fullSMTP()),
		smtpSample("smtp_empty", &event.SMTP{}),
		ftpSample("ftp_full", fullFTP()),
		ftpSample("ftp_empty", &event.FTP{}),
		ftpDataSample("ftp_data_full", fullFTPData()),
		ftpDataSample("ftp_data_empty", &event.FTPData{FTPDataRecord: event.FTPDataRecord{Command: "NLST"}}),
		arpSample("arp_full", fullARP()),
		arpSample("arp_empty", &event.ARP{}),
		overloadSample("overload_full", fullOverload()),
		overloadSample("overload_empty", &event.Overload{}),
		engineSample("engine_full", &event.Engine{Envelope: stats.Envelope, Failed: true, Error: "a.rules: no such file", Loaded: 3, FailedRules: 2, Skipped: 1}),
		engineSample("engine_empty", &event.Engine{}),
		statsSample("stats_full", stats),
		statsSample("stats_empty", &event.Stats{}),
	}
}

// optionSets are the ways in which an encoder can be told to write.
var optionSets = []struct {
	name string
	opt  event.Options
}{
	{"default", fullOptions()},
	{"bare", event.Options{}},
	{"strict", event.Options{Sensor: "probe-1", Run: "r1", Strict: true, Payload: true}},
	{"dns2", event.Options{DNSVersion: 2}},
}

// TestEventsAreValidByTheSchema encodes every type with all members set and
// with none, in every way an encoder can be configured.
func TestEventsAreValidByTheSchema(t *testing.T) {
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range optionSets {
		e := newEncoder(t, o.opt)
		seen := map[event.Type]bool{}
		for _, s := range samples(e) {
			seen[s.typ] = true
			t.Run(o.name+"/"+s.name, func(t *testing.T) {
				out := s.encode(e, nil)
				if len(out) == 0 {
					if o.opt.DNSVersion == 2 && s.name == "dns_empty" {
						return // version 2 has one event per question and there is none
					}
					t.Fatal("nothing was written")
				}
				for line := range bytes.Lines(out) {
					if err := v.Validate(line); err != nil {
						t.Errorf("%v\n%s", err, line)
					}
				}
			})
		}
		for _, typ := range event.Types() {
			if !seen[typ] {
				t.Errorf("no sample of type %s", typ)
			}
		}
	}
}

// TestEventsMatchTheirGoldenFiles shows in a diff what a change does to the
// text that consumers read. go test -update writes the files.
func TestEventsMatchTheirGoldenFiles(t *testing.T) {
	for _, o := range optionSets {
		e := newEncoder(t, o.opt)
		for _, s := range samples(e) {
			if o.name != "default" && s.name != "alert_full" && s.typ != event.TypeDNS {
				continue // the rest differs only in the envelope
			}
			t.Run(o.name+"/"+s.name, func(t *testing.T) {
				file := filepath.Join("testdata", "golden", o.name+"_"+s.name+".json")
				got := append(s.encode(e, nil), '\n')
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

func TestStrictWritesNothingThatEVEDoesNotHave(t *testing.T) {
	e := newEncoder(t, event.Options{Sensor: "probe-1", Run: "r1", Strict: true})
	for _, s := range samples(e) {
		for line := range bytes.Lines(s.encode(e, nil)) {
			var root map[string]any
			if err := json.Unmarshal(line, &root); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"seq", "event_id", "sensor", "src_geo", "dest_geo", "accounting", "bandwidth"} {
				if _, ok := root[name]; ok {
					t.Errorf("%s: %s is written", s.name, name)
				}
			}
			if flow, ok := root["flow"].(map[string]any); ok && flow["interval"] != nil {
				t.Errorf("%s: flow.interval is written", s.name)
			}
			if stats, ok := root["stats"].(map[string]any); ok && stats["accounting"] != nil {
				t.Errorf("%s: stats.accounting is written", s.name)
			}
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	for _, o := range optionSets {
		e := newEncoder(t, o.opt)
		buf := make([]byte, 0, 64<<10)
		for _, s := range samples(e) {
			if n := testing.AllocsPerRun(100, func() { buf = s.encode(e, buf[:0]) }); n != 0 {
				t.Errorf("%s/%s: %v allocations per event, want 0", o.name, s.name, n)
			}
		}
	}
}
