//go:build unix

package prefilter

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedAlone reports whether nobody but this user and root can change a file.
func ownedAlone(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(stat.Uid) == os.Geteuid() || stat.Uid == 0) && info.Mode().Perm()&0o022 == 0
}
