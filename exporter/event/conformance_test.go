package event_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"spanwatch/exporter/event"
)

// sharedFolder is where the conformance set is: beside the repository, or
// where SPANWATCH_SHARED says.
func sharedFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SPANWATCH_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "conformance", "dev")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no conformance set (SPANWATCH_SHARED names the folder): %v", err)
	}
	return dir
}

// TestDNSRecordsHaveTheShapeOfSuricata8 takes the dns records that Suricata
// 8.0.7 wrote for the conformance captures apart, encodes them again and
// compares. IPv6 addresses are compared as addresses: we write them short.
func TestDNSRecordsHaveTheShapeOfSuricata8(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedFolder(t), "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEncoder(t, event.Options{})
	records := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			AppEvents struct {
				DNS []struct {
					DNS suricataDNS `json:"dns"`
				} `json:"dns"`
			} `json:"app_events"`
		}
		var raw struct {
			AppEvents struct {
				DNS []struct {
					DNS json.RawMessage `json:"dns"`
				} `json:"dns"`
			} `json:"app_events"`
		}
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := json.Unmarshal(data, &raw); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range c.AppEvents.DNS {
			records++
			d := c.AppEvents.DNS[i].DNS.event(t)
			out := append(e.AppendDNSMember([]byte("{"), d), '}')
			var want any
			if err := unmarshalNumbers(raw.AppEvents.DNS[i].DNS, &want); err != nil {
				t.Fatal(err)
			}
			compareJSON(t, out, object{"dns": want})
			if t.Failed() {
				t.Fatalf("in %s, record %d", file, i)
			}
		}
	}
	if records == 0 {
		t.Fatal("no dns record in the conformance set")
	}
	t.Logf("%d records compared", records)
}

// suricataDNS is a dns record as read.
type suricataDNS struct {
	Type    string `json:"type"`
	TxID    uint64 `json:"tx_id"`
	ID      uint16 `json:"id"`
	Flags   string `json:"flags"`
	Rcode   string `json:"rcode"`
	Queries []struct {
		RRName string `json:"rrname"`
		RRType string `json:"rrtype"`
	} `json:"queries"`
	Answers     []suricataRecord `json:"answers"`
	Authorities []suricataRecord `json:"authorities"`
	Additionals []suricataRecord `json:"additionals"`
}

type suricataRecord struct {
	RRName string  `json:"rrname"`
	RRType string  `json:"rrtype"`
	TTL    uint32  `json:"ttl"`
	RData  *string `json:"rdata"`
	SOA    *struct {
		MName   string `json:"mname"`
		RName   string `json:"rname"`
		Serial  uint32 `json:"serial"`
		Refresh uint32 `json:"refresh"`
		Retry   uint32 `json:"retry"`
		Expire  uint32 `json:"expire"`
		Minimum uint32 `json:"minimum"`
	} `json:"soa"`
	Opt []struct {
		Code uint16 `json:"code"`
		Data string `json:"data"`
	} `json:"opt"`
}

func (s *suricataDNS) event(t *testing.T) *event.DNS {
	t.Helper()
	flags, err := strconv.ParseUint(s.Flags, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	d := &event.DNS{
		Envelope: event.Envelope{HasTx: true, TxID: s.TxID}, Response: s.Type == "response",
		ID: s.ID, Flags: uint16(flags), Rcode: number(t, s.Rcode, rcodes),
	}
	for _, q := range s.Queries {
		d.Queries = append(d.Queries, event.DNSQuery{Name: []byte(q.RRName), Type: number(t, q.RRType, rrTypes)})
	}
	d.Answers, d.Authorities, d.Additionals = convert(t, s.Answers), convert(t, s.Authorities), convert(t, s.Additionals)
	return d
}

func convert(t *testing.T, list []suricataRecord) []event.DNSRecord {
	t.Helper()
	var out []event.DNSRecord
	for _, s := range list {
		r := event.DNSRecord{Name: []byte(s.RRName), Type: number(t, s.RRType, rrTypes), TTL: s.TTL}
		switch {
		case s.SOA != nil:
			r.Data = event.DNSSOA
			r.SOA = event.SOA{
				MName: []byte(s.SOA.MName), RName: []byte(s.SOA.RName), Serial: s.SOA.Serial,
				Refresh: s.SOA.Refresh, Retry: s.SOA.Retry, Expire: s.SOA.Expire, Minimum: s.SOA.Minimum,
			}
		case s.Opt != nil:
			r.Data = event.DNSOPT
			for _, o := range s.Opt {
				b, err := hex.DecodeString(o.Data)
				if err != nil {
					t.Fatal(err)
				}
				r.Options = append(r.Options, event.DNSOption{Code: o.Code, Data: b})
			}
		case s.RData == nil:
		case s.RRType == "A":
			r.Data, r.Addr = event.DNSAddr4, addr(*s.RData)
		case s.RRType == "AAAA":
			r.Data, r.Addr = event.DNSAddr6, addr(*s.RData)
		default:
			r.Data, r.Text = event.DNSText, []byte(*s.RData)
		}
		out = append(out, r)
	}
	return out
}

// Numbers of the names in the conformance set, from the IANA registries.
var (
	rrTypes = map[string]uint16{
		"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35,
		"OPT": 41, "HTTPS": 65, "TSIG": 250, "ANY": 255,
	}
	rcodes = map[string]uint16{"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
)

func number(t *testing.T, name string, names map[string]uint16) uint16 {
	t.Helper()
	if n, ok := names[name]; ok {
		return n
	}
	n, err := strconv.ParseUint(name, 10, 16)
	if err != nil {
		t.Fatalf("unknown name %q", name)
	}
	return uint16(n)
}
