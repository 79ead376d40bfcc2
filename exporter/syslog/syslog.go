// Package syslog sends events as syslog messages over TCP or TLS.
//
//	<172>1 2026-01-02T15:04:05.123456Z probe-1 spanwatch - alert - {"timestamp":…}
//	PRI    packet time                 sensor  program    type    the event
//
// Messages follow RFC 5424, their framing is the octet counting of RFC 6587
// section 3.4.1, which RFC 5425 demands for TLS: a count, a space, the message.
// An event has no line feeds, so that receivers which look for them are content
// too. There is no byte order mark before the JSON, which the RFC asks for and
// which JSON readers stumble over.
//
// A message counts as delivered when the receiver's kernel has acknowledged
// it; syslog itself has no acknowledgements. See package link.
package syslog

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/link"
	"spanwatch/exporter/tlsclient"
)

// Config says where to send and what to call oneself.
type Config struct {
	// Address is host:port of the receiver.
	Address string
	TLS     tlsclient.Config
	// Host is HOSTNAME of the messages, usually the sensor's name; "-" stands
	// for an empty one.
	Host string
	// Facility is 0 to 23, RFC 5424 table 1.
	Facility int
	// Cookie puts "@cee: " before the event, by which rsyslog's mmjsonparse
	// and others know JSON.
	Cookie bool
	// MaxBytes is the largest message that the receiver takes whole; larger
	// ones are dropped as too_large. 0 is no bound.
	MaxBytes int
	// GiveUpAfter is how long events wait for a receiver before they are
	// dropped as unreachable; 0 means link.DefaultGiveUpAfter.
	GiveUpAfter time.Duration
}

// ErrFacility says that a facility is not one of RFC 5424.
var ErrFacility = errors.New("a syslog facility is 0 to 23")

// Facilities are the names of the facilities, by number, as logger(1) takes
// them.
var Facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// ParseFacility returns the number of a facility.
func ParseFacility(name string) (int, error) {
	for i, n := range Facilities {
		if n == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w, and %q is not one of their names", ErrFacility, name)
}

// New makes the sink; name is the label of its metrics.
func New(name string, c Config) (*link.Sink, error) {
	if c.Facility < 0 || c.Facility >= len(Facilities) {
		return nil, fmt.Errorf("%w, not %d", ErrFacility, c.Facility)
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("syslog: %w", err)
	}
	if faults := c.TLS.Validate(); len(faults) > 0 {
		return nil, fmt.Errorf("syslog: tls: %w", errors.Join(faults...))
	}
	var files tlsclient.Files
	var dialer net.Dialer
	f := newFormat(&c)
	return link.New(link.Options{
		Name: name,
		Dial: func(ctx context.Context) (net.Conn, error) {
			if !c.TLS.Enabled {
				return dialer.DialContext(ctx, "tcp", c.Address)
			}
			cfg, err := files.Client(&c.TLS, host)
			if err != nil {
				return nil, fmt.Errorf("tls: %w", err)
			}
			d := tls.Dialer{NetDialer: &dialer, Config: cfg}
			return d.DialContext(ctx, "tcp", c.Address)
		},
		Frame:       f.append,
		Confirm:     true,
		MaxBytes:    c.MaxBytes,
		GiveUpAfter: c.GiveUpAfter,
	}), nil
}

// Severities of messages, RFC 5424 table 2.
const (
	critical = 2
	failure  = 3 // "error"
	warning  = 4
	notice   = 5
	info     = 6
)

// format makes messages. One goroutine at a time.
type format struct {
	facility int
	head     []byte // HOSTNAME and APP-NAME, with the spaces around them
	cookie   []byte
	msg      []byte
}

func newFormat(c *Config) *format {
	f := &format{facility: c.Facility}
	f.head = append(f.head, ' ')
	f.head = appendHeader(f.head, c.Host, 255)
	f.head = append(f.head, " spanwatch - "...)
	if c.Cookie {
		f.cookie = []byte("@cee: ")
	}
	return f
}

// appendHeader writes a header field: printable ASCII without blanks, up to
// limit bytes, or a dash.
func appendHeader(dst []byte, s string, limit int) []byte {
	start := len(dst)
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && len(dst)-start < limit {
			dst = append(dst, c)
		}
	}
	if len(dst) == start {
		return append(dst, '-')
	}
	return dst
}

func (f *format) append(dst []byte, r *exporter.Record) []byte {
	m := append(f.msg[:0], '<')
	m = strconv.AppendInt(m, int64(f.facility*8+severityOf(r)), 10)
	m = append(m, ">1 "...)
	m = time.Unix(0, r.Time).UTC().AppendFormat(m, "2006-01-02T15:04:05.000000Z")
	m = append(m, f.head...)
	m = append(m, r.Type.String()...)
	m = append(m, " - "...)
	m = append(m, f.cookie...)
	m = append(m, r.Body...)
	f.msg = m
	dst = strconv.AppendInt(dst, int64(len(m)), 10)
	dst = append(dst, ' ')
	return append(dst, m...)
}

// severityOf takes alerts by their own severity, of which 1 is the highest, so
// that a receiver can sort by the header alone.
func severityOf(r *exporter.Record) int {
	switch r.Type {
	case event.TypeAlert:
		const name = `"severity":`
		i := bytes.Index(r.Body, []byte(name))
		if i < 0 {
			return warning
		}
		switch digits := r.Body[i+len(name):]; {
		case bytes.HasPrefix(digits, []byte("1}")), bytes.HasPrefix(digits, []byte("1,")):
			return critical
		case bytes.HasPrefix(digits, []byte("2}")), bytes.HasPrefix(digits, []byte("2,")):
			return failure
		}
		return warning
	case event.TypeAnomaly:
		return notice
	}
	return info
}
