package offload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of linux/ethtool.h.
const (
	stringsFeatures = 4  // ETH_SS_FEATURES
	stringLen       = 32 // ETH_GSTRING_LEN
	maxFeatures     = 1024
)

// ifreq is the struct ifreq of SIOCETHTOOL.
type ifreq struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte
}

// device is a socket to ask a device through.
type device struct {
	fd   int
	name string
}

func openDevice(name string) (*device, error) {
	if len(name) == 0 || len(name) >= unix.IFNAMSIZ {
		return nil, unix.ENODEV
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &device{fd: fd, name: name}, nil
}

func (d *device) close() { unix.Close(d.fd) }

// ask runs one command, which the first word of the request is. The answer is
// written over it. result is what the call returns.
func (d *device) ask(request []byte) (result int, err error) {
	r := ifreq{data: unsafe.Pointer(&request[0])}
	copy(r.name[:], d.name)
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(d.fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r)))
	runtime.KeepAlive(request)
	if errno != 0 {
		if errno == unix.EOPNOTSUPP {
			return 0, errors.Join(ErrNotSupported, errno)
		}
		return 0, errno
	}
	return int(n), nil
}

// names returns the names of all features, in the order of their bits.
func (d *device) names() ([]string, error) {
	// struct ethtool_sset_info: which sets are asked for, and their sizes.
	info := make([]byte, 16+4)
	binary.NativeEndian.PutUint32(info, unix.ETHTOOL_GSSET_INFO)
	binary.NativeEndian.PutUint64(info[8:], 1<<stringsFeatures)
	if _, err := d.ask(info); err != nil {
		return nil, err
	}
	count := binary.NativeEndian.Uint32(info[16:])
	if binary.NativeEndian.Uint64(info[8:]) == 0 || count == 0 || count > maxFeatures {
		return nil, ErrNotSupported
	}
	// struct ethtool_gstrings.
	request := make([]byte, 12+count*stringLen)
	binary.NativeEndian.PutUint32(request, unix.ETHTOOL_GSTRINGS)
	binary.NativeEndian.PutUint32(request[4:], stringsFeatures)
	binary.NativeEndian.PutUint32(request[8:], count)
	if _, err := d.ask(request); err != nil {
		return nil, err
	}
	names := make([]string, count)
	for i := range names {
		text := request[12+i*stringLen:][:stringLen]
		if end := bytes.IndexByte(text, 0); end >= 0 {
			text = text[:end]
		}
		names[i] = string(text)
	}
	return names, nil
}

// layout says where the features are in the kernel's bit sets.
type layout struct {
	words int // of 32 features
	bits  map[Feature]int
}

// state returns the settings of the features that matter, and where they are.
func (d *device) state() (*State, *layout, error) {
	names, err := d.names()
	if err != nil {
		return nil, nil, err
	}
	// struct ethtool_gfeatures: for each 32 features four words, of which are
	// available, wanted, active and never changed.
	at := &layout{words: (len(names) + 31) / 32, bits: map[Feature]int{}}
	request := make([]byte, 8+16*at.words)
	binary.NativeEndian.PutUint32(request, unix.ETHTOOL_GFEATURES)
	binary.NativeEndian.PutUint32(request[4:], uint32(at.words))
	if _, err := d.ask(request); err != nil {
		return nil, nil, err
	}
	s := &State{Interface: d.name, Features: map[Feature]Setting{}}
	for bit, name := range names {
		word := func(i int) bool {
			w := binary.NativeEndian.Uint32(request[8+16*(bit/32)+4*i:])
			return w>>(bit%32)&1 != 0
		}
		f := Feature(name)
		if known(f) {
			s.Features[f] = Setting{On: word(2), Fixed: !word(0) || word(3)}
			at.bits[f] = bit
		}
	}
	return s, at, nil
}

func known(f Feature) bool {
	if f == VLAN || f == ServiceVLAN {
		return true
	}
	for _, r := range rules {
		if r.feature == f {
			return true
		}
	}
	return false
}

// set switches a feature. ErrRefused is returned if it is not as wished then.
func (d *device) set(f Feature, on bool) error {
	s, at, err := d.state()
	if err != nil {
		return err
	}
	bit, ok := at.bits[f]
	if !ok {
		return ErrNotSupported
	}
	if s.On(f) == on {
		return nil
	}
	// struct ethtool_sfeatures: for each 32 features two words, of which are meant
	// and what they shall be.
	request := make([]byte, 8+8*at.words)
	binary.NativeEndian.PutUint32(request, unix.ETHTOOL_SFEATURES)
	binary.NativeEndian.PutUint32(request[4:], uint32(at.words))
	binary.NativeEndian.PutUint32(request[8+8*(bit/32):], 1<<(bit%32))
	if on {
		binary.NativeEndian.PutUint32(request[8+8*(bit/32)+4:], 1<<(bit%32))
	}
	if _, err := d.ask(request); err != nil {
		return err
	}
	if s, _, err = d.state(); err != nil {
		return err
	}
	if s.On(f) != on {
		return ErrRefused
	}
	return nil
}
