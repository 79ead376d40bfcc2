package main

// path makes a client a and a server b with a wire between them that has the
// given faults. A capture on interface toa of the wire's host sees what a sends
// before the faults and what a receives after them.
//
//	a eth0 ── toa (span) ~~ wire: delay, loss ~~ tob ── b eth0
func (l *lab) path(faults ...string) (a, wire, b *host, err error) {
	hosts := [3]*host{}
	for i, name := range []string{"a", "wire", "b"} {
		if hosts[i], err = l.addHost(name); err != nil {
			return nil, nil, nil, err
		}
	}
	a, wire, b = hosts[0], hosts[1], hosts[2]
	if err = l.connect(wire, "toa", a, "eth0"); err != nil {
		return nil, nil, nil, err
	}
	if err = l.connect(wire, "tob", b, "eth0"); err != nil {
		return nil, nil, nil, err
	}
	if err = l.serve(wire, "small/wire.sh", append([]string{l.self}, faults...)...); err != nil {
		return nil, nil, nil, err
	}
	return a, wire, b, nil
}

// conversation records what client does, with server on the other end of the
// path, on interface ifc of the host at.
func (l *lab) conversation(out string, at *host, ifc string, server, client func() error) error {
	if err := server(); err != nil {
		return err
	}
	span, err := startCapture(at, ifc, out)
	if err != nil {
		return err
	}
	if err := client(); err != nil {
		return err
	}
	return span.finish()
}

// recordFragments captures behind the wire: there the fragments are late,
// doubled and missing.
func recordFragments(l *lab, out string) error {
	a, wire, b, err := l.path("-delay", "2ms", "-jitter", "6ms", "-reorder", "0.2", "-duplicate", "0.1", "-loss", "0.05", "-seed", "11")
	if err != nil {
		return err
	}
	return l.conversation(out, wire, "toa",
		func() error { return l.serve(b, "small/fragments-b.sh") },
		func() error { return a.run("small/fragments-a.sh") })
}

func recordTCPLoss(l *lab, out string) error {
	a, wire, b, err := l.path("-delay", "10ms", "-jitter", "6ms", "-reorder", "0.03", "-duplicate", "0.01", "-loss", "0.03", "-seed", "5")
	if err != nil {
		return err
	}
	return l.conversation(out, wire, "toa",
		func() error { return l.serve(b, "talk/serve.sh", "eth0", "2", "1500") },
		func() error { return a.run("small/loss.sh") })
}

func recordTCPOddities(l *lab, out string) error {
	a, wire, b, err := l.path("-delay", "20ms")
	if err != nil {
		return err
	}
	return l.conversation(out, wire, "toa",
		func() error { return l.serve(b, "small/odd-b.sh") },
		func() error { return a.run("small/odd-a.sh") })
}

// recordMidstream starts to capture when the connection has long begun.
func recordMidstream(l *lab, out string) error {
	a, wire, b, err := l.path("-delay", "2ms")
	if err != nil {
		return err
	}
	var t *task
	return l.conversation(out, wire, "toa",
		func() error {
			if err := l.serve(b, "small/midstream-b.sh"); err != nil {
				return err
			}
			if t, err = a.start("small/midstream-a.sh"); err != nil {
				return err
			}
			return a.sh("until ss -Htn state established dport = 7000 | grep -q .; do sleep 0.02; done; sleep 0.5")
		},
		func() error { return t.wait() })
}

// recordOffload undoes what connect does: the capture sees the frames before
// the network card would have cut them and filled in the checksums.
func recordOffload(l *lab, out string) error {
	a, err := l.addHost("a")
	if err != nil {
		return err
	}
	b, err := l.addHost("b")
	if err != nil {
		return err
	}
	if err := l.connect(a, "eth0", b, "eth0"); err != nil {
		return err
	}
	for _, h := range []*host{a, b} {
		if err := h.sh("ethtool -K eth0 sg on tx on tso on gso on gro on >/dev/null"); err != nil {
			return err
		}
	}
	return l.conversation(out, a, "eth0",
		func() error { return l.serve(b, "talk/serve.sh", "eth0", "2", "1500") },
		func() error { return a.run("small/offload.sh") })
}

// recordCooked captures all interfaces of a router at once, in the given
// cooked link type.
func recordCooked(link string) func(*lab, string) error {
	return func(l *lab, out string) error {
		a, router, _, err := l.routed()
		if err != nil {
			return err
		}
		span, err := startCapture(router, "any", out, "-y", link)
		if err != nil {
			return err
		}
		if err := a.run("small/routed-a.sh", "talk"); err != nil {
			return err
		}
		return span.finish()
	}
}

func recordICMP(l *lab, out string) error {
	a, _, _, err := l.routed()
	if err != nil {
		return err
	}
	span, err := startCapture(a, "eth0", out)
	if err != nil {
		return err
	}
	if err := a.run("small/routed-a.sh", "errors"); err != nil {
		return err
	}
	return span.finish()
}

// routed makes a client, a router whose far side has a smaller MTU, and a
// server.
func (l *lab) routed() (a, router, b *host, err error) {
	hosts := [3]*host{}
	for i, name := range []string{"a", "router", "b"} {
		if hosts[i], err = l.addHost(name); err != nil {
			return nil, nil, nil, err
		}
	}
	a, router, b = hosts[0], hosts[1], hosts[2]
	if err = l.connect(router, "near", a, "eth0"); err != nil {
		return nil, nil, nil, err
	}
	if err = l.connect(router, "far", b, "eth0"); err != nil {
		return nil, nil, nil, err
	}
	if err = router.run("small/routed-router.sh"); err != nil {
		return nil, nil, nil, err
	}
	return a, router, b, l.serve(b, "small/routed-b.sh")
}

// recordLink captures the talk of two bridges with each other.
func recordLink(l *lab, out string) error {
	left, err := l.addSwitch("left")
	if err != nil {
		return err
	}
	right, err := l.addSwitch("right")
	if err != nil {
		return err
	}
	// Two cables make the loop that a spanning tree is for.
	for _, ifc := range []string{"x1", "x2"} {
		if err := l.connect(left, ifc, right, ifc); err != nil {
			return err
		}
	}
	a, err := l.addHost("a")
	if err != nil {
		return err
	}
	if err := l.plug(a, left); err != nil {
		return err
	}
	span, err := startCapture(left, "x1", out)
	if err != nil {
		return err
	}
	for _, sw := range []*host{left, right} {
		if err := sw.sh("ip link set br0 type bridge stp_state 1 forward_delay 200 hello_time 100; ip link set x1 master br0; ip link set x2 master br0"); err != nil {
			return err
		}
	}
	if err := right.sh("ip addr add 192.168.5.2/24 dev br0"); err != nil {
		return err
	}
	if err := a.run("small/link.sh"); err != nil {
		return err
	}
	return span.finish()
}

func recordSCTP(l *lab, out string) error {
	sw, err := l.addSwitch("sw")
	if err != nil {
		return err
	}
	hosts := [2]*host{}
	for i, name := range []string{"a", "b"} {
		if hosts[i], err = l.addHost(name); err != nil {
			return err
		}
		if err = l.plug(hosts[i], sw); err != nil {
			return err
		}
	}
	return l.conversation(out, sw, "br0",
		func() error { return l.serve(hosts[1], "small/sctp-b.sh") },
		func() error { return hosts[0].run("small/sctp-a.sh") })
}
