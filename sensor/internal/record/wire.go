package main

import (
	"container/heap"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// wireFaults say what a wire does to frames, in both directions.
type wireFaults struct {
	delay     time.Duration // each frame
	jitter    time.Duration // added to some frames, so that they are overtaken
	loss      float64       // probability of a frame to vanish
	duplicate float64       // of a frame to arrive twice
	reorder   float64       // of a frame to get the jitter
}

// flight is a frame on its way.
type flight struct {
	due   time.Time
	order uint64 // keeps frames of equal due time in sequence
	to    int    // socket to leave through
	data  []byte
}

// flights is a heap with the earliest frame first.
type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	if f[i].due.Equal(f[j].due) {
		return f[i].order < f[j].order
	}
	return f[i].due.Before(f[j].due)
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

// runWire joins two interfaces like a long and bad cable, until it is killed.
// The kernel can do that (netem), where it was built with it; this needs only
// packet sockets.
func runWire(args []string) error {
	var faults wireFaults
	flags := flag.NewFlagSet("record wire", flag.ExitOnError)
	a := flags.String("a", "eth0", "first `interface`")
	b := flags.String("b", "eth1", "second `interface`")
	seed := flags.Uint64("seed", 1, "of the random choices")
	flags.DurationVar(&faults.delay, "delay", 0, "of each frame")
	flags.DurationVar(&faults.jitter, "jitter", 0, "additional delay of frames that -reorder picks")
	flags.Float64Var(&faults.loss, "loss", 0, "probability of loss")
	flags.Float64Var(&faults.duplicate, "duplicate", 0, "probability of duplication")
	flags.Float64Var(&faults.reorder, "reorder", 0, "probability of being late")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ends := [2]int{}
	for i, name := range []string{*a, *b} {
		fd, err := openPort(name)
		if err != nil {
			return fmt.Errorf("interface %s: %w", name, err)
		}
		ends[i] = fd
	}
	return carry(ends, faults, rand.New(rand.NewPCG(*seed, 0)))
}

// openPort opens an interface for every frame that arrives there.
func openPort(name string) (int, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(htons(unix.ETH_P_ALL)))
	if err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return 0, err
	}
	promiscuous := &unix.PacketMreq{Ifindex: int32(ifc.Index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, promiscuous); err != nil {
		return 0, err
	}
	return fd, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: ifc.Index})
}

// carry moves frames between the two ends until a socket fails.
func carry(ends [2]int, faults wireFaults, random *rand.Rand) error {
	var (
		queue flights
		order uint64
		frame = make([]byte, maxDatagram)
		fds   = []unix.PollFd{{Fd: int32(ends[0]), Events: unix.POLLIN}, {Fd: int32(ends[1]), Events: unix.POLLIN}}
	)
	for {
		timeout := -1
		if len(queue) > 0 {
			timeout = int(max(0, time.Until(queue[0].due).Milliseconds()+1))
		}
		if _, err := unix.Poll(fds, timeout); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		now := time.Now()
		for i := range fds {
			if fds[i].Revents&unix.POLLIN == 0 {
				continue
			}
			n, _, err := unix.Recvfrom(ends[i], frame, 0)
			if err != nil {
				return err
			}
			for _, due := range faults.arrivals(now, random) {
				order++
				heap.Push(&queue, flight{due: due, order: order, to: ends[1-i], data: append([]byte(nil), frame[:n]...)})
			}
		}
		for len(queue) > 0 && !queue[0].due.After(now) {
			f := heap.Pop(&queue).(flight)
			if _, err := unix.Write(f.to, f.data); err != nil {
				return err
			}
		}
	}
}

// arrivals says when a frame that enters the wire now leaves it: never, once
// or twice.
func (f wireFaults) arrivals(now time.Time, random *rand.Rand) []time.Time {
	if random.Float64() < f.loss {
		return nil
	}
	due := now.Add(f.delay)
	if random.Float64() < f.reorder {
		due = due.Add(f.jitter)
	}
	if random.Float64() < f.duplicate {
		return []time.Time{due, due}
	}
	return []time.Time{due}
}
