package privilege

// Paths are what the process may still reach in the file system.
type Paths struct {
	// Read are files, and directories with all below, to read.
	Read []string
	// Write are directories to read, to write, and to make, rename and remove files
	// and directories in, with all below; and files to read and write.
	Write []string
}

// Confined says what Confine has done.
type Confined struct {
	// ABI is the kernel's version of Landlock; 0 if it has none, and nothing was
	// confined.
	ABI int
	// Reason says why the ABI is 0.
	Reason string
	// Read and Write are the paths that may be reached. Missing are those that do
	// not exist, and so may not, even if they are made later.
	Read, Write, Missing []string
	// Unconfined names what this ABI cannot forbid, though newer ones could.
	Unconfined []string
}

// Enforced reports whether anything was confined.
func (c *Confined) Enforced() bool { return c.ABI > 0 }
