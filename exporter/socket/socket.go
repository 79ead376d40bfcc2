// Package socket writes events as JSON lines to a Unix socket on which a
// program listens, as Suricata's file types unix_stream and unix_dgram do: the
// listener is the server, the sensor connects and comes back when the listener
// was restarted.
//
//	stream:   one object and a line feed after the other
//	datagram: one object with its line feed in each datagram
//
// What happens while nobody listens stands in package link.
package socket

import (
	"context"
	"net"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/link"
)

// Config says where to write.
type Config struct {
	Path     string
	Datagram bool
	// GiveUpAfter is how long events wait for a listener before they are
	// dropped as unreachable; 0 means link.DefaultGiveUpAfter.
	GiveUpAfter time.Duration
}

// New makes the sink; name is the label of its metrics.
func New(name string, c Config) *link.Sink {
	network := "unix"
	if c.Datagram {
		network = "unixgram"
	}
	var d net.Dialer
	return link.New(link.Options{
		Name:        name,
		Dial:        func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, network, c.Path) },
		Frame:       frame,
		Datagrams:   c.Datagram,
		GiveUpAfter: c.GiveUpAfter,
	})
}

func frame(dst []byte, r *exporter.Record) []byte {
	return append(append(dst, r.Body...), '\n')
}
