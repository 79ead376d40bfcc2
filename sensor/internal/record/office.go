package main

import "path/filepath"

// The office: servers and people on one switch behind a router.
var officeHosts = []string{"gw", "files", "mail", "web", "nas", "printer", "anna", "ben", "carla", "laptop"}

// recordOffice plays a morning in the office while an intruder is in it.
func recordOffice(l *lab, out string) error {
	if err := command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "30", "-subj", "/O=Documentation/CN=Lab authority", "-keyout", filepath.Join(l.dir, "ca.key"), "-out", filepath.Join(l.dir, "ca.pem")); err != nil {
		return err
	}
	lan, err := l.addSwitch("lan")
	if err != nil {
		return err
	}
	hosts := make(map[string]*host, len(officeHosts))
	for _, name := range officeHosts {
		h, err := l.addHost(name)
		if err != nil {
			return err
		}
		if err := l.plug(h, lan); err != nil {
			return err
		}
		hosts[name] = h
	}
	// The office's line to the Internet is 8 ms long.
	line, err := l.addHost("line")
	if err != nil {
		return err
	}
	inet, err := l.addHost("inet")
	if err != nil {
		return err
	}
	if err := l.connect(line, "toa", hosts["gw"], "wan0"); err != nil {
		return err
	}
	if err := l.connect(line, "tob", inet, "eth0"); err != nil {
		return err
	}
	if err := l.serve(line, "small/wire.sh", l.self, "-delay", "8ms"); err != nil {
		return err
	}
	span, err := startCapture(lan, "br0", out)
	if err != nil {
		return err
	}
	hosts["inet"] = inet
	for _, name := range []string{"inet", "gw", "files", "mail", "web", "nas", "printer"} {
		if err := l.serve(hosts[name], "office/"+name+".sh"); err != nil {
			return err
		}
	}
	var people []*task
	for _, who := range []struct{ host, script string }{
		{"anna", "anna"}, {"ben", "ben"}, {"carla", "carla"}, {"nas", "watch"}, {"laptop", "laptop"},
	} {
		t, err := hosts[who.host].start("office/" + who.script + ".sh")
		if err != nil {
			return err
		}
		people = append(people, t)
	}
	for _, t := range people {
		if err := t.wait(); err != nil {
			return err
		}
	}
	return span.finish()
}
