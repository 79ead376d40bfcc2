//go:build linux && (amd64 || arm64)

package bpf

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// maps are those of either object; Flows to EvictionMarks of StoreArray, LRUFlows
// of StoreLRU.
type maps struct {
	Totals, VLANTotals, Reasons, Bursts *ebpf.Map
	ClockNow, Shunt, FeedCounts         *ebpf.Map
	Sockets, QueueCounts                *ebpf.Map // nil without Config.Redirect
	Flows, Names, Tags                  *ebpf.Map
	Evictions, EvictionMarks            *ebpf.Map
	LRUFlows                            *ebpf.Map
}

// Programs count the packets of one interface until Close.
type Programs struct {
	cfg        Config
	plan       Plan
	collection *ebpf.Collection
	maps       maps
	linking    sync.Mutex // guards links
	links      []link.Link
	instance   int // file descriptor of the lock, or -1
	clock      clock
	shards     int

	tags  []uint32          // mapped; one word for each set
	slots []accountFlowSlot // mapped
	names []accountFlowName // mapped; keys of slots whose flow is not plain
	burst []accountBurst    // mapped
	lru   lruReader
	rings evictionRings
	torn  atomic.Uint64

	record FlowRecord // what callbacks borrow

	shunts shunts

	closeOnce sync.Once
	closed    atomic.Bool
	closeErr  error
}

// Load attaches the programs to cfg.Device and starts to count. Errors wrap
// ErrConfig, ErrPermission, ErrNoDevice, ErrNotSupported, ErrDrop or ErrBusy.
//
// The device is looked up in the network namespace of the calling thread. From
// its return on, no capability is needed.
func Load(cfg Config) (*Programs, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	dev, err := findDevice(cfg.Device)
	if err != nil {
		return nil, err
	}
	if cfg.Drop {
		if err := mayDrop(cfg.Device); err != nil {
			return nil, err
		}
	}
	instance, err := lockInstance(dev)
	if err != nil {
		return nil, err
	}
	p, err := load(cfg, dev)
	if err != nil {
		unix.Close(instance)
		return nil, err
	}
	p.instance = instance
	return p, nil
}

func load(cfg Config, dev *device) (*Programs, error) {
	o, err := dev.offer()
	if err != nil {
		return nil, err
	}
	plan := Plan{Device: cfg.Device, Redirect: cfg.Redirect}
	hooks := plan.candidates(o, cfg.Hook, cfg.Drop)
	if len(hooks) == 0 {
		return nil, plan.impossible(o, cfg.Hook, cfg.Drop)
	}
	programs := make([]string, 0, 3)
	for _, h := range hooks {
		programs = append(programs, cfg.program(h))
	}
	if cfg.Egress {
		if o.tcx != nil {
			return nil, fmt.Errorf("count outgoing packets of %s: %w", cfg.Device, o.tcx)
		}
		programs = append(programs, cfg.program(HookTCXEgress))
	}
	p, err := newPrograms(cfg, dev.linkType(), programs)
	if err != nil {
		return nil, err
	}
	p.plan = plan
	if err := p.attach(dev, o, hooks); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// LoadDetached loads all programs without attaching them: to learn whether the
// kernel takes them, and to give them packets by RunXDP and RunTCX. Config.Device
// is not looked at.
func LoadDetached(cfg Config) (*Programs, error) {
	if cfg.Device == "" {
		cfg.Device = "none"
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	programs := []string{cfg.program(HookXDPNative)}
	if haveTCX() == nil {
		programs = append(programs, cfg.program(HookTCX), cfg.program(HookTCXEgress))
	}
	return newPrograms(cfg, linkEthernet, programs)
}

// newPrograms loads what is named, with the maps and the feed.
func newPrograms(cfg Config, linkType uint32, programs []string) (*Programs, error) {
	if err := missingCapabilities(); err != nil {
		return nil, err
	}
	if err := rlimit.RemoveMemlock(); err != nil { // kernels before 5.11 count maps as locked memory
		return nil, fmt.Errorf("lift the limit of locked memory: %w", err)
	}
	shards, err := ebpf.PossibleCPU()
	if err != nil {
		return nil, fmt.Errorf("count CPUs: %w", err)
	}
	programs = append(programs, accountProgSwFeed, accountProgSwClock)
	collection, err := cfg.collection(shards, linkType, programs)
	if errors.Is(err, unix.E2BIG) && cfg.maxBlock == 0 {
		cfg.maxBlock = smallBlock
		collection, err = cfg.collection(shards, linkType, programs)
	}
	if err != nil {
		return nil, err
	}
	p := &Programs{cfg: cfg, collection: collection, shards: shards, instance: -1}
	if err := p.open(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// smallBlock is so many sets as fit an element of an array on every kernel: some
// refuse elements above what kmalloc gives, 4 MiB with pages of 4 KiB (E2BIG).
const smallBlock = 1 << 12

// smallRing is the same for a ring of evictions, in bytes.
const smallRing = 1 << 21

// collection loads programs and maps. The error wraps what the kernel said.
func (c *Config) collection(shards int, linkType uint32, programs []string) (*ebpf.Collection, error) {
	spec, err := c.spec(shards, linkType, programs)
	if err != nil {
		return nil, err
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, loadError(err)
	}
	return collection, nil
}

// spec sizes the maps and sets the constants of the object for cfg.
func (c *Config) spec(shards int, linkType uint32, programs []string) (*ebpf.CollectionSpec, error) {
	loadSpec := loadAccount
	if c.Store == StoreLRU {
		loadSpec = loadAccountLru
	}
	spec, err := loadSpec()
	if err != nil {
		return nil, fmt.Errorf("read embedded object: %w", err)
	}
	keep := make(map[string]*ebpf.ProgramSpec, len(programs))
	for _, name := range programs {
		keep[name] = spec.Programs[name]
	}
	spec.Programs = keep
	frags := haveFrags() == nil
	if xdp := spec.Programs[c.program(HookXDPNative)]; xdp != nil && !frags {
		xdp.Flags &^= unix.BPF_F_XDP_HAS_FRAGS
	}
	if !c.Redirect { // kernels may be built without AF_XDP
		delete(spec.Maps, accountMapSockets)
		delete(spec.Maps, accountMapQueueCounts)
	}

	sets := c.FlowsPerCPU / ways
	spec.Maps[accountMapBursts].MaxEntries = uint32(shards * burstsPerCPU)
	spec.Maps[accountMapShunt].MaxEntries = uint32(c.ShuntFlows)
	vars := map[string]any{
		accountVarMaxDepth:    uint8(c.TunnelDepth),
		accountVarDedupWindow: uint64(c.DuplicateWindow),
		accountVarBurstEvery:  uint32(c.BurstEvery),
		accountVarMayDrop:     boolByte(c.Drop),
		accountVarDropNow:     boolByte(c.Drop),
		accountVarHasFrags:    boolByte(frags),
		accountVarLinkType:    linkType,
		accountVarSource:      c.Source,
		accountVarUdpTunnels:  c.udpTunnels(),
		accountVarHashSeed:    c.seed(),
	}
	if c.Store == StoreLRU {
		spec.Maps[accountLruMapLruFlows].MaxEntries = uint32(c.FlowsPerCPU)
	} else {
		block := sets
		if c.maxBlock > 0 {
			block = min(sets, c.maxBlock)
		}
		for _, m := range []struct {
			name string
			size uintptr // of a set
		}{
			{accountMapFlows, ways * unsafe.Sizeof(accountFlowSlot{})},
			{accountMapNames, ways * unsafe.Sizeof(accountFlowName{})},
			{accountMapTags, unsafe.Sizeof(uint32(0))},
		} {
			spec := spec.Maps[m.name]
			spec.ValueSize = uint32(block) * uint32(m.size)
			spec.MaxEntries = uint32(shards * sets / block)
			spec.Key, spec.Value = nil, nil // sizes are not those of the types any more
		}
		ring := c.EvictionBytes
		if c.maxBlock > 0 {
			ring = min(ring, smallRing)
		}
		lines := spec.Maps[accountMapEvictions]
		lines.MaxEntries, lines.ValueSize, lines.Key, lines.Value = uint32(shards), uint32(ring), nil, nil
		spec.Maps[accountMapEvictionMarks].MaxEntries = uint32(shards)
		vars[accountVarRingBits] = uint32(bits.TrailingZeros(uint(ring) / uint(unsafe.Sizeof(accountFlowSlot{}))))
		vars[accountVarSetBits] = uint32(bits.TrailingZeros(uint(sets)))
		vars[accountVarBlockBits] = uint32(bits.TrailingZeros(uint(block)))
		vars[accountVarShards] = uint32(shards)
	}
	for name, value := range vars {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return spec, nil
}

func boolByte(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func (c *Config) udpTunnels() (list [maxUDPTunnels]accountUdpTunnel) {
	for i, t := range c.UDPTunnels {
		list[i] = accountUdpTunnel{Port: t.Port, Kind: uint8(t.Kind), AnyPort: boolByte(t.AnyPort)}
	}
	return list
}

// seed draws the secret that keeps a sender from aiming at one set of slots.
func (c *Config) seed() (seed [14]uint32) {
	if c.Seed != nil {
		return *c.Seed
	}
	var b [len(seed) * 4]byte
	rand.Read(b[:]) // never fails
	for i := range seed {
		seed[i] = binary.NativeEndian.Uint32(b[i*4:])
	}
	return seed
}

// open finds the maps in the collection, maps memory and sets the clock.
func (p *Programs) open() error {
	m := p.collection.Maps
	p.maps = maps{
		Totals: m[accountMapTotals], VLANTotals: m[accountMapVlanTotals], Reasons: m[accountMapReasons],
		Bursts: m[accountMapBursts], ClockNow: m[accountMapClockNow], Shunt: m[accountMapShunt],
		FeedCounts: m[accountMapFeedCounts], Sockets: m[accountMapSockets], QueueCounts: m[accountMapQueueCounts],
		Flows: m[accountMapFlows], Names: m[accountMapNames], Tags: m[accountMapTags],
		Evictions: m[accountMapEvictions], EvictionMarks: m[accountMapEvictionMarks],
		LRUFlows: m[accountLruMapLruFlows],
	}
	var err error
	if p.burst, err = mapped[accountBurst](p.maps.Bursts); err != nil {
		return err
	}
	if p.cfg.Store == StoreArray {
		if err = p.openArray(); err != nil {
			return err
		}
	} else {
		p.lru.open(p.shards)
	}
	return p.clock.set(p.collection.Programs[accountProgSwClock], p.maps.ClockNow)
}

// openArray maps the flows and those on their way out.
func (p *Programs) openArray() (err error) {
	if p.tags, err = mapped[uint32](p.maps.Tags); err != nil {
		return err
	}
	if p.slots, err = mapped[accountFlowSlot](p.maps.Flows); err != nil {
		return err
	}
	if p.names, err = mapped[accountFlowName](p.maps.Names); err != nil {
		return err
	}
	if p.rings.lines, err = mapped[accountFlowSlot](p.maps.Evictions); err != nil {
		return err
	}
	p.rings.perRing = uint64(len(p.rings.lines) / p.shards)
	p.rings.marks, err = mappedToWrite[accountEvictionMarks](p.maps.EvictionMarks)
	return err
}

// loadError names what a kernel lacks, as far as its answer tells.
func loadError(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return &PermissionError{Err: err}
	case errors.Is(err, ebpf.ErrNotSupported):
		return &NotSupportedError{Feature: "accounting programs", MinVersion: minKernel, Err: err}
	}
	return fmt.Errorf("load programs: %w", err)
}

// minKernel is the first version with global functions that take pointers to
// memory, the youngest thing that all programs need.
const minKernel = "5.13"

// Plan returns where packets are counted, and why there. Empty after LoadDetached.
// Not while Reattach is at work.
func (p *Programs) Plan() Plan { return p.plan }

// Attached returns nil while the programs are where Load put them, and
// ErrDetached once the interface was removed or somebody took them off. The
// counts stay readable.
func (p *Programs) Attached() error {
	if p.closed.Load() {
		return ErrClosed
	}
	p.linking.Lock()
	defer p.linking.Unlock()
	if len(p.links) == 0 {
		return fmt.Errorf("%s: %w", p.cfg.Device, ErrDetached)
	}
	for _, l := range p.links {
		info, err := l.Info()
		if err != nil {
			return fmt.Errorf("ask for link: %w", err)
		}
		if xdp := info.XDP(); xdp != nil && xdp.Ifindex == 0 {
			return fmt.Errorf("%s: %w", p.cfg.Device, ErrDetached)
		}
		if tcx := info.TCX(); tcx != nil && tcx.Ifindex == 0 {
			return fmt.Errorf("%s: %w", p.cfg.Device, ErrDetached)
		}
	}
	return nil
}

// Reattach counts the packets of the interface again, when it was removed and one
// of its name was made anew: Attached has returned ErrDetached. Counts go on. It
// needs CAP_NET_ADMIN, and the calling thread in the interface's network namespace.
// Errors are those of Load; after one, it may be called again.
func (p *Programs) Reattach() error {
	if p.closed.Load() {
		return ErrClosed
	}
	dev, err := findDevice(p.cfg.Device)
	if err != nil {
		return err
	}
	instance, err := lockInstance(dev)
	if err != nil {
		return err
	}
	o, err := dev.offer()
	if err != nil {
		unix.Close(instance)
		return err
	}
	p.linking.Lock()
	defer p.linking.Unlock()
	for _, l := range p.links {
		l.Close() // of what is gone
	}
	p.links = nil
	before := p.plan
	p.plan = Plan{Device: p.cfg.Device, Redirect: p.cfg.Redirect}
	if err := p.attach(dev, o, []Hook{before.Hook}); err != nil {
		err = errors.Join(err, p.detach(), unix.Close(instance))
		p.plan = before
		return err
	}
	if p.instance >= 0 {
		unix.Close(p.instance)
	}
	p.instance = instance
	return nil
}

// Detach stops counting, and returns when no packet is being counted any more.
// ReadFlows, Evictions and Stats then show the final, exact state. Detach does
// nothing when called again.
func (p *Programs) Detach() error {
	p.linking.Lock()
	defer p.linking.Unlock()
	return p.detach()
}

// detach is Detach with p.linking held.
func (p *Programs) detach() error {
	var errs []error
	for _, l := range p.links {
		// A link whose interface was removed is detached already.
		if err := l.Detach(); err != nil && !errors.Is(err, unix.ENOLINK) {
			errs = append(errs, err)
		}
		errs = append(errs, l.Close())
	}
	p.links = nil
	return errors.Join(append(errs, settle())...)
}

// settle waits until every CPU has left the section in which it may run a program
// that has just been detached, or use what has just been taken out of a map.
func settle() error {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, membarrierGlobal, 0, 0)
	if errno != 0 && errno != unix.ENOSYS {
		return fmt.Errorf("wait for programs to end: %w", errno)
	}
	return nil
}

const membarrierGlobal = 1 // MEMBARRIER_CMD_GLOBAL of linux/membarrier.h

// Close detaches the programs and frees everything. Further calls return what
// the first one did.
func (p *Programs) Close() error {
	p.closeOnce.Do(func() {
		p.closeErr = p.Detach()
		p.closed.Store(true)
		p.closeErr = errors.Join(p.closeErr, unmapped(&p.tags), unmapped(&p.slots), unmapped(&p.names), unmapped(&p.burst),
			unmapped(&p.rings.lines), unmapped(&p.rings.marks))
		p.collection.Close()
		if p.instance >= 0 {
			p.closeErr = errors.Join(p.closeErr, unix.Close(p.instance))
		}
	})
	return p.closeErr
}
