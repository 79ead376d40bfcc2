package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dnp3"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mqtt"
	"spanwatch/decoders/app/registry"
	"spanwatch/decoders/app/smb"
	"spanwatch/sensor/config"
)

// parserConfig is the configuration of the parsers; with content, they keep that
// of files for a file store.
func parserConfig(c *config.App, content bool) registry.Config {
	r := registry.DefaultConfig()
	h := &r.HTTP
	h.Request.Limit, h.Request.MinInspect, h.Request.Window = uint64(c.HTTP.Request.Limit), uint64(c.HTTP.Request.MinInspect), uint64(c.HTTP.Request.Window)
	h.Response.Limit, h.Response.MinInspect, h.Response.Window = uint64(c.HTTP.Response.Limit), uint64(c.HTTP.Response.MinInspect), uint64(c.HTTP.Response.Window)
	h.DecodeLayers, h.LZMALayers = c.HTTP.DecodeLayers, c.HTTP.LZMALayers
	h.DoubleDecodePath, h.DoubleDecodeQuery = c.HTTP.DoubleDecodePath, c.HTTP.DoubleDecodeQuery
	s := &r.SMTP
	s.DecodeMIME, s.RawExtraction = c.SMTP.DecodeMIME, c.SMTP.RawExtraction
	s.InspectMin, s.InspectWindow = int(c.SMTP.MinInspect), int(c.SMTP.Window)
	r.FTP.MaxTransactions = c.FTP.MaxTransactions
	r.DNP3 = dnp3.Config{MaxTransactions: c.DNP3.MaxTransactions, MaxPoints: c.DNP3.MaxPoints, MaxObjects: c.DNP3.MaxObjects}
	r.MQTT = mqtt.Config{MaxTransactions: c.MQTT.MaxTransactions, MaxMessages: c.MQTT.MaxMessages, MaxMessageLength: int(c.MQTT.MaxMessageLength)}
	r.SMB = smb.Config{
		Hashes: r.SMB.Hashes, MaxTransactions: c.SMB.MaxTransactions,
		MaxReadSize: uint32(c.SMB.MaxReadSize), MaxWriteSize: uint32(c.SMB.MaxWriteSize),
		MaxReadQueueSize: uint64(c.SMB.MaxReadQueueSize), MaxReadQueueCount: c.SMB.MaxReadQueueCount,
		MaxWriteQueueSize: uint64(c.SMB.MaxWriteQueueSize), MaxWriteQueueCount: c.SMB.MaxWriteQueueCount,
	}
	r.DoH2 = !slices.Contains(c.Disabled, app.ProtoDOH2.String())
	if content {
		h.Hashes |= file.KeepContent
		s.Hashes |= file.KeepContent
		r.Transfers |= file.KeepContent
		r.SMB.Hashes |= file.KeepContent
	}
	return r
}

var (
	errUnknownProtocol = errors.New("unknown application protocol")
	errBadPort         = errors.New("bad port")
	errRawAndMIME      = errors.New("app.smtp.raw-extraction needs app.smtp.decode-mime to be off")
)

// checkProtocols refuses settings about protocols that there are not.
func checkProtocols(set registry.Set, c *config.App) error {
	var faults []error
	check := func(setting, name string) {
		if p, ok := app.ProtoByName(name); ok {
			if _, ok = set.Parser(p); ok || p == app.ProtoDOH2 && setting == "app.disabled" {
				return
			}
		}
		faults = append(faults, fmt.Errorf("%s: %w %q", setting, errUnknownProtocol, name))
	}
	for _, name := range c.Disabled {
		check("app.disabled", name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.TCPPorts)) {
		check("app.tcp-ports", name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.UDPPorts)) {
		check("app.udp-ports", name)
	}
	if c.SMTP.RawExtraction && c.SMTP.DecodeMIME {
		faults = append(faults, errRawAndMIME)
	}
	return errors.Join(faults...)
}

// ports are those of a protocol: the configured ones, numbers or ranges such as
// 8000-8010, or the usual ones.
func ports(configured map[string][]string, name string, usual []uint16) ([]uint16, error) {
	list, ok := configured[name]
	if !ok {
		return usual, nil
	}
	var out []uint16
	for _, text := range list {
		from, to, isRange := strings.Cut(strings.TrimSpace(text), "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 16)
		last, err2 := strconv.ParseUint(to, 10, 16)
		if err != nil || err2 != nil || first > last {
			return nil, fmt.Errorf("%s: %w %q", name, errBadPort, text)
		}
		for p := first; p <= last; p++ {
			out = append(out, uint16(p))
		}
	}
	return out, nil
}
