package main

// carrierScene records how kind carries the traffic of two customers between
// two provider switches. The customers use the same addresses and ports, so
// only the encapsulation tells their flows apart.
//
//	a1 ─┐                          ┌─ b1
//	    ├─ pe1 ══ core (span) ══ pe2 ┤
//	a2 ─┘                          └─ b2
func carrierScene(kind string) func(*lab, string) error {
	return func(l *lab, out string) error {
		edges := [2]*host{}
		for i, name := range []string{"pe1", "pe2"} {
			h, err := l.addHost(name)
			if err != nil {
				return err
			}
			edges[i] = h
		}
		if err := l.connect(edges[0], "core", edges[1], "core"); err != nil {
			return err
		}
		customers := []string{"1", "2"}
		if kind == "mpls" { // ARP is not labelled: only one customer can be told apart
			customers = customers[:1]
		}
		var clients []*host
		for _, n := range customers {
			for i, site := range []string{"a", "b"} {
				h, err := l.addHost(site + n)
				if err != nil {
					return err
				}
				if err := l.connect(edges[i], "c"+n, h, "eth0"); err != nil {
					return err
				}
				if site == "b" {
					err = l.serve(h, "talk/serve.sh", "eth0", "2", "1360")
				} else {
					clients = append(clients, h)
				}
				if err != nil {
					return err
				}
			}
		}
		for i, edge := range edges {
			if err := edge.run("carrier/edge.sh", kind, []string{"1", "2"}[i], []string{"2", "1"}[i]); err != nil {
				return err
			}
		}
		span, err := startCapture(edges[0], "core", out)
		if err != nil {
			return err
		}
		for _, h := range clients {
			if err := h.run("talk/client.sh", "eth0", "1", "1360"); err != nil {
				return err
			}
		}
		return span.finish()
	}
}

// tunnelScene records two hosts that talk through the recorder's own tunnel,
// in the IP versions that it carries: "4", "6" or "46".
func tunnelScene(kind, versions string) func(*lab, string) error {
	return func(l *lab, out string) error {
		a, b, err := l.tunnelled(kind)
		if err != nil {
			return err
		}
		span, err := startCapture(a, "eth0", out)
		if err != nil {
			return err
		}
		return talk(l, a, b, span, versions)
	}
}

// recordRaw captures on the tunnel's device instead of the cable.
func recordRaw(l *lab, out string) error {
	a, b, err := l.tunnelled("ipip")
	if err != nil {
		return err
	}
	span, err := startCapture(a, "tun0", out)
	if err != nil {
		return err
	}
	return talk(l, a, b, span, "4")
}

// tunnelled makes two hosts with a tunnel of the kind between them.
func (l *lab) tunnelled(kind string) (a, b *host, err error) {
	if a, err = l.addHost("a"); err != nil {
		return nil, nil, err
	}
	if b, err = l.addHost("b"); err != nil {
		return nil, nil, err
	}
	if err = l.connect(a, "eth0", b, "eth0"); err != nil {
		return nil, nil, err
	}
	for _, end := range []struct {
		h           *host
		self, other string
	}{{a, "1", "2"}, {b, "2", "1"}} {
		if err = l.serve(end.h, "carrier/tunnel.sh", l.self, kind, end.self, end.other); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

// talk lets a be client and b be server on their tun0, then ends the capture.
func talk(l *lab, a, b *host, s *span, versions string) error {
	if err := l.serve(b, "talk/serve.sh", "tun0", "2", "1400"); err != nil {
		return err
	}
	if err := a.run("talk/client.sh", "tun0", "1", "1400", versions); err != nil {
		return err
	}
	return s.finish()
}
