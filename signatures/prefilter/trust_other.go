//go:build !unix

package prefilter

import "io/fs"

// ownedAlone cannot be answered here: there is no cache.
func ownedAlone(fs.FileInfo) bool { return false }
