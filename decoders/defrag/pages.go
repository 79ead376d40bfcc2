package defrag

// pageSize is the unit of memory for fragment data. 512 bytes make the
// smallest fragment cost half a kilobyte and a 1,480-byte one three pages.
const pageSize = 512

// pageChunk pages are allocated at once: 128 KiB, so that the store grows with
// the traffic without ever copying what it holds.
const pageChunk = 256

// pageID names a page; 0 is none.
type pageID uint32

type page struct {
	next  pageID // in the owner's list by position, or in the free list
	index uint32 // position in the owner's bytes, in pages
	data  [pageSize]byte
}

// pageStore is a bounded slab of pages with a free list.
type pageStore struct {
	chunks []*[pageChunk]page
	free   pageID
	made   int // pages handed out by the chunks so far
	inUse  int
	limit  int
}

func (s *pageStore) at(id pageID) *page {
	i := int(id) - 1
	return &s.chunks[i/pageChunk][i%pageChunk]
}

// available is how many pages may still be taken.
func (s *pageStore) available() int { return s.limit - s.inUse }

func (s *pageStore) take() pageID {
	s.inUse++
	if id := s.free; id != 0 {
		s.free = s.at(id).next
		return id
	}
	if s.made == len(s.chunks)*pageChunk {
		s.chunks = append(s.chunks, new([pageChunk]page))
	}
	s.made++
	return pageID(s.made)
}

// releaseAll returns a whole list.
func (s *pageStore) releaseAll(list pageID) {
	for list != 0 {
		p := s.at(list)
		next := p.next
		p.next = s.free
		s.free = list
		s.inUse--
		list = next
	}
}

// missing counts the pages that writing [from,to) to the list would take.
func (s *pageStore) missing(list pageID, from, to uint32) int {
	if from >= to {
		return 0
	}
	first, last := from/pageSize, (to-1)/pageSize
	n := int(last-first) + 1
	for ; list != 0; list = s.at(list).next {
		if i := s.at(list).index; i > last {
			break
		} else if i >= first {
			n--
		}
	}
	return n
}

// write copies data to position from of the list. The caller has made sure
// that missing pages are available.
func (s *pageStore) write(list *pageID, from uint32, data []byte) {
	link := list
	for len(data) > 0 {
		index := from / pageSize
		for *link != 0 && s.at(*link).index < index {
			link = &s.at(*link).next
		}
		if *link == 0 || s.at(*link).index != index {
			id := s.take()
			p := s.at(id)
			p.index = index
			p.next = *link
			*link = id
		}
		p := s.at(*link)
		n := copy(p.data[from%pageSize:], data)
		data = data[n:]
		from += uint32(n)
	}
}

// appendRange appends the bytes [0,to) of the list, all of which were written.
func (s *pageStore) appendRange(dst []byte, list pageID, to uint32) []byte {
	for ; list != 0 && to > 0; list = s.at(list).next {
		n := min(to, pageSize)
		dst = append(dst, s.at(list).data[:n]...)
		to -= n
	}
	return dst
}

// equal compares data with the bytes at position from, all of which were
// written.
func (s *pageStore) equal(list pageID, from uint32, data []byte) bool {
	for len(data) > 0 {
		index := from / pageSize
		for list != 0 && s.at(list).index < index {
			list = s.at(list).next
		}
		if list == 0 || s.at(list).index != index {
			return false
		}
		held := s.at(list).data[from%pageSize:]
		n := min(len(held), len(data))
		if string(held[:n]) != string(data[:n]) {
			return false
		}
		data = data[n:]
		from += uint32(n)
	}
	return true
}
