package privilege

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights by the ABI that brought them (Documentation/userspace-api/landlock.rst
// of the kernel).
var rightsByABI = []struct {
	abi    int
	rights uint64
	what   string
}{
	{1, 1<<13 - 1, "the file system"}, // LANDLOCK_ACCESS_FS_EXECUTE to _MAKE_SYM
	{2, unix.LANDLOCK_ACCESS_FS_REFER, "moves between directories"},
	{3, unix.LANDLOCK_ACCESS_FS_TRUNCATE, "truncation"},
	{5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV, "ioctl on devices"},
}

// Rights on a file, and on a directory beside those.
const (
	readFile  = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readDir   = unix.LANDLOCK_ACCESS_FS_READ_DIR
	writeFile = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	writeDir  = readDir | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REFER
)

// Confine shuts the file system by Landlock for all threads, but for the paths:
// nothing else can be opened or executed from now on. What is open already stays
// usable. It sets no_new_privs, which Landlock demands of processes without
// CAP_SYS_ADMIN. On a kernel without Landlock it does nothing and says so in the
// result; that is no error.
func Confine(p Paths) (Confined, error) {
	abi, err := landlockABI()
	if err != nil {
		return Confined{Reason: err.Error()}, nil
	}
	c := Confined{ABI: abi}
	var handled uint64
	for _, r := range rightsByABI {
		if abi >= r.abi {
			handled |= r.rights
		} else {
			c.Unconfined = append(c.Unconfined, r.what)
		}
	}
	attr := unix.LandlockRulesetAttr{Access_fs: handled}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return Confined{}, fmt.Errorf("create a Landlock ruleset: %w", errno)
	}
	defer unix.Close(int(ruleset))
	for _, list := range []struct {
		paths     []string
		file, dir uint64
		reachable *[]string
	}{
		{p.Read, readFile, readDir, &c.Read},
		{p.Write, writeFile, writeDir, &c.Write},
	} {
		for _, path := range list.paths {
			switch err := allow(int(ruleset), path, list.file&handled, list.dir&handled); {
			case errors.Is(err, os.ErrNotExist):
				c.Missing = append(c.Missing, path)
			case err != nil:
				return Confined{}, fmt.Errorf("allow %s: %w", path, err)
			default:
				*list.reachable = append(*list.reachable, path)
			}
		}
	}
	if err := noNewPrivileges(); err != nil {
		return Confined{}, err
	}
	if err := onAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0, 0); err != nil {
		return Confined{}, fmt.Errorf("enforce the Landlock ruleset: %w", err)
	}
	return c, nil
}

// landlockABI returns the version, at least 1.
func landlockABI() (int, error) {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errno == unix.ENOSYS:
		return 0, errors.New("the kernel has no Landlock (it came with 5.13)")
	case errno == unix.EOPNOTSUPP:
		return 0, errors.New("landlock is switched off at boot (see the kernel's parameter lsm)")
	case errno != 0:
		return 0, fmt.Errorf("probe Landlock: %w", errno)
	}
	return int(abi), nil
}

// allow adds a rule for what is at the path, with the rights of a directory only
// if it is one.
func allow(ruleset int, path string, file, dir uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	rights := file
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		rights |= dir
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return errno
	}
	return nil
}
