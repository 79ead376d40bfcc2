package output

import (
	"errors"

	"spanwatch/exporter"
	"spanwatch/exporter/link"
	"spanwatch/exporter/metrics"
	"spanwatch/exporter/socket"
	"spanwatch/exporter/syslog"
	"spanwatch/exporter/tlsclient"
	"spanwatch/sensor/config"
)

func checkSocket(c *config.Config) []config.Fault {
	o := &c.Output.Socket
	_, faults := shapeOf("output.socket", o.Schema, &o.Filter, &o.Redact)
	return faults
}

func openSocket(c *config.Config, _ *Run) ([]opened, error) {
	o := &c.Output.Socket
	if o.Path == "" {
		return nil, nil
	}
	s, _ := shapeOf("output.socket", o.Schema, &o.Filter, &o.Redact)
	sink := socket.New("socket", socket.Config{Path: o.Path, Datagram: o.Type == "datagram", GiveUpAfter: o.GiveUpAfter})
	return []opened{{sink: sink, shape: s, where: "socket " + o.Path, metrics: linkSource(sink)}}, nil
}

func syslogConfig(c *config.Config) (syslog.Config, error) {
	o := &c.Output.Syslog
	facility, err := syslog.ParseFacility(o.Facility)
	return syslog.Config{
		Address: o.Address, Host: c.Sensor.Name, Facility: facility, Cookie: o.Cookie, MaxBytes: int(o.MaxSize), GiveUpAfter: o.GiveUpAfter,
		TLS: tlsclient.Config{
			Enabled: o.TLS.Enabled, CAFile: o.TLS.CAFile, CertFile: o.TLS.CertFile, KeyFile: o.TLS.KeyFile,
			ServerName: o.TLS.ServerName, MinVersion: o.TLS.MinVersion,
		},
	}, err
}

func checkSyslog(c *config.Config) (faults []config.Fault) {
	const section = "output.syslog"
	o := &c.Output.Syslog
	if o.Address == "" {
		return nil
	}
	_, faults = shapeOf(section, o.Schema, &o.Filter, &o.Redact)
	s, err := syslogConfig(c)
	if err != nil {
		return append(faults, config.Fault{Path: section + ".facility", What: err.Error()})
	}
	for _, err := range s.TLS.Validate() {
		f := config.Fault{Path: section + ".tls", What: err.Error()}
		if setting := new(tlsclient.SettingError); errors.As(err, &setting) {
			f = config.Fault{Path: section + ".tls." + setting.Setting, What: setting.Err.Error()}
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		if _, err := syslog.New("syslog", s); err != nil {
			faults = append(faults, config.Fault{Path: section + ".address", What: err.Error()})
		}
	}
	return faults
}

func openSyslog(c *config.Config, _ *Run) ([]opened, error) {
	o := &c.Output.Syslog
	if o.Address == "" {
		return nil, nil
	}
	cfg, err := syslogConfig(c)
	if err != nil {
		return nil, err
	}
	sink, err := syslog.New("syslog", cfg)
	if err != nil {
		return nil, err
	}
	s, _ := shapeOf("output.syslog", o.Schema, &o.Filter, &o.Redact)
	return []opened{{sink: sink, shape: s, where: "syslog at " + o.Address, metrics: linkSource(sink)}}, nil
}

func linkSource(sink *link.Sink) func(*exporter.Outlet) metrics.Source {
	return func(*exporter.Outlet) metrics.Source {
		return func(w *metrics.Writer) { w.Uint(metrics.ExportConnected, flag(sink.Connected()), sink.Name()) }
	}
}
