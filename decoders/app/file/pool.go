package file

// maxFree files are kept for reuse by a Pool.
const maxFree = 128

// Pool lends Files. It belongs to one worker.
type Pool struct{ free []*File }

// Take returns an unused File.
func (p *Pool) Take() *File {
	if n := len(p.free); n > 0 {
		f := p.free[n-1]
		p.free = p.free[:n-1]
		return f
	}
	return &File{}
}

// Give takes a File back.
func (p *Pool) Give(f *File) {
	f.Reset()
	if len(p.free) < maxFree {
		p.free = append(p.free, f)
	}
}
