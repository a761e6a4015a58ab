package crdt

import (
	"cmp"
	"math"
	"slices"
)

// client is what one client made: its blocks in the order of their clocks, without
// a gap from clock 0 on. Blocks are found by clock through chunks of at most
// chunkLen entries, so that a split in the middle moves a chunk and not all.
type client struct {
	id     uint64
	state  uint64 // the clock after its last unit
	last   handle // its last block
	room   uint32 // the arena offset up to which its last block may grow in place
	chunks []chunk
	hint   place  // where the last search ended
	guide  *guide // nil: there is none

	// What the state was before the running transaction, if began is its number.
	before uint64
	began  uint32
	rank   uint32 // how many clients had units before it did

	tail tail
}

// tail is what a client's last block, of values, had before a transaction made it
// longer: its first units, and how many bytes they take. The transaction's update
// begins after them, and values can be counted only from a block's first.
type tail struct {
	tx    uint32 // its number
	clock uint64 // of the block
	units uint32
	bytes uint32
}

// chunk is some consecutive blocks of a client.
type chunk struct {
	base    uint64 // clock of the first
	entries []entry
}

type entry struct {
	rel uint32 // clock, less the base of the chunk
	h   handle
}

// place is a place in the chunks of a client.
type place struct{ chunk, i int32 }

const chunkLen = 512

// clientOf returns the place of a client in Doc.clients, or unknownClient.
func (d *Doc) clientOf(client uint64) uint32 {
	if d.lastClient < uint32(len(d.clients)) && d.clients[d.lastClient].id == client {
		return d.lastClient
	}
	if i, ok := d.clientPlaces[client]; ok {
		d.lastClient = i
		return i
	}
	return unknownClient
}

// addClient is clientOf that adds the client where it is not known.
func (d *Doc) addClient(cl uint64) uint32 {
	if i := d.clientOf(cl); i != unknownClient {
		return i
	}
	i := uint32(len(d.clients))
	d.clients = append(d.clients, client{id: cl})
	if d.clientPlaces == nil {
		d.clientPlaces = map[uint64]uint32{}
	}
	d.clientPlaces[cl] = i
	d.lastClient = i
	at, _ := slices.BinarySearchFunc(d.descending, cl, func(i uint32, cl uint64) int {
		return cmp.Compare(cl, d.clients[i].id)
	})
	d.descending = slices.Insert(d.descending, at, i)
	return i
}

// state returns the clock after the last unit that the document has of a client.
func (d *Doc) state(client uint32) uint64 {
	if client >= uint32(len(d.clients)) {
		return 0
	}
	return d.clients[client].state
}

// find returns the place of the block that holds a clock, which must be below the
// state.
func (c *client) find(clock uint64) place {
	k := c.hint.chunk
	if int(k) >= len(c.chunks) || clock < c.chunks[k].base ||
		int(k)+1 < len(c.chunks) && clock >= c.chunks[k+1].base {
		lo, hi := 0, len(c.chunks)
		for lo < hi {
			if mid := (lo + hi) / 2; c.chunks[mid].base <= clock {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		k = int32(lo - 1)
	}
	e := c.chunks[k].entries
	off := clock - c.chunks[k].base
	rel := uint32(min(off, math.MaxUint32)) // the last entry may be a long one
	if i := int(c.hint.i); k == c.hint.chunk && i < len(e) && e[i].rel <= rel {
		if i+1 == len(e) || rel < e[i+1].rel {
			return c.hint
		}
		if i+2 == len(e) || i+2 < len(e) && rel < e[i+2].rel {
			c.hint.i++
			return c.hint
		}
	}
	lo, hi := 0, len(e)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); e[mid].rel <= rel {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	c.hint = place{k, int32(lo - 1)}
	return c.hint
}

// seek is find for a clock that is likely little after the one of a place, which is
// the zero place if nothing is known.
func (c *client) seek(p place, clock uint64) place {
	const near = 16
	if p != (place{}) && int(p.chunk) < len(c.chunks) && clock >= c.chunks[p.chunk].base {
		at := &c.chunks[p.chunk]
		if off := clock - at.base; off <= math.MaxUint32 {
			e, rel := at.entries, uint32(off)
			for i := int(p.i); i < min(int(p.i)+near, len(e)-1) && e[i].rel <= rel; i++ {
				if rel < e[i+1].rel {
					return place{p.chunk, int32(i)}
				}
			}
		}
	}
	return c.find(clock)
}

// at returns the block at a place.
func (c *client) at(p place) handle { return c.chunks[p.chunk].entries[p.i].h }

// next moves a place to the next block, and reports whether there is one.
func (c *client) next(p place) (place, bool) {
	if int(p.i)+1 < len(c.chunks[p.chunk].entries) {
		return place{p.chunk, p.i + 1}, true
	}
	if int(p.chunk)+1 < len(c.chunks) {
		return place{p.chunk + 1, 0}, true
	}
	return p, false
}

// prev moves a place to the block before, and reports whether there is one.
func (c *client) prev(p place) (place, bool) {
	if p.i > 0 {
		return place{p.chunk, p.i - 1}, true
	}
	if p.chunk > 0 {
		return place{p.chunk - 1, int32(len(c.chunks[p.chunk-1].entries) - 1)}, true
	}
	return p, false
}

// countFrom returns how many blocks there are from a place on.
func (c *client) countFrom(p place) int {
	n := -int(p.i)
	for i := range c.chunks[p.chunk:] {
		n += len(c.chunks[int(p.chunk)+i].entries)
	}
	return n
}

// lastPlace returns the place of the last block. There must be one.
func (c *client) lastPlace() place {
	k := len(c.chunks) - 1
	return place{int32(k), int32(len(c.chunks[k].entries) - 1)}
}

// push adds a block at the end.
func (c *client) push(clock uint64, h handle) {
	k := len(c.chunks) - 1
	if k < 0 || len(c.chunks[k].entries) == chunkLen || clock-c.chunks[k].base > math.MaxUint32 {
		c.chunks = append(c.chunks, chunk{base: clock})
		k++
		if c.guide != nil {
			c.chunks[k].entries = c.guide.chunk()
		}
	}
	at := &c.chunks[k]
	if len(at.entries) == cap(at.entries) && len(at.entries) >= 16 {
		at.entries = append(make([]entry, 0, chunkLen), at.entries...)
	}
	at.entries = append(at.entries, entry{uint32(clock - at.base), h})
	c.last = h
	if c.guide != nil {
		c.guide.add(clock, h, k*chunkLen+len(at.entries))
	}
}

// insertAfter adds a block after the one at a place, from which it was split.
func (c *client) insertAfter(p place, clock uint64, h handle) {
	k, i := p.chunk, int(p.i)+1
	if at := &c.chunks[k]; clock-at.base > math.MaxUint32 || len(at.entries) == chunkLen && i == chunkLen {
		c.cut(k, i, clock)
		k, i = k+1, 0
	} else if half := chunkLen / 2; len(at.entries) == chunkLen {
		c.cut(k, half, at.base+uint64(at.entries[half].rel))
		if i > half {
			k, i = k+1, i-half
		}
	}
	at := &c.chunks[k]
	at.entries = slices.Insert(at.entries, i, entry{uint32(clock - at.base), h})
	c.last = c.at(c.lastPlace())
}

// cut moves the entries of a chunk from i on into a new chunk after it, whose base
// is given.
func (c *client) cut(k int32, i int, base uint64) {
	at := &c.chunks[k]
	moved := make([]entry, len(at.entries)-i, max(len(at.entries)-i+16, 32))
	for j, e := range at.entries[i:] {
		moved[j] = entry{uint32(at.base + uint64(e.rel) - base), e.h}
	}
	at.entries = at.entries[:i]
	c.chunks = slices.Insert(c.chunks, int(k)+1, chunk{base, moved})
}

// remove takes the block at a place out. It is not the first of the client.
func (c *client) remove(p place) {
	at := &c.chunks[p.chunk]
	if len(at.entries) == 1 {
		c.chunks = slices.Delete(c.chunks, int(p.chunk), int(p.chunk)+1)
	} else {
		at.entries = slices.Delete(at.entries, int(p.i), int(p.i)+1)
		if p.i == 0 {
			by := at.entries[0].rel
			at.base += uint64(by)
			for j := range at.entries {
				at.entries[j].rel -= by
			}
		}
	}
	c.last = c.at(c.lastPlace())
}
