package crdt

// guide tells about where a client's blocks are by clock, while a large update fills
// an empty client: a search that begins there takes a step or two. It is a table by
// the upper bits of the clock. Blocks that are split or joined meanwhile only make it
// less exact.
type guide struct {
	shift uint
	slots []uint32 // the place of the first block that begins at or after slot<<shift
}

const (
	guideShift = 3
	guideBits  = 9 // of a place: its entry; the others are its chunk
)

// newGuide returns a guide with room for a number of blocks.
func newGuide(blocks int) *guide {
	return &guide{guideShift, make([]uint32, 0, 2*blocks+guideSlack)}
}

// guideSlack is how many slots there may be above two for each block.
const guideSlack = 64

// add adds the block that begins at a clock and is the last now, at a place of which
// n blocks are before. The table stays in proportion to the blocks.
func (g *guide) add(clock uint64, p place) {
	for clock>>g.shift > uint64(p.chunk)*(2*chunkLen)+uint64(p.i)*2+guideSlack {
		n := 0
		for i := 0; i < len(g.slots); i += 2 {
			g.slots[n] = g.slots[i]
			n++
		}
		g.slots = g.slots[:n]
		g.shift++
	}
	for at := uint32(p.chunk)<<guideBits | uint32(p.i); uint64(len(g.slots)) <= clock>>g.shift; {
		g.slots = append(g.slots, at)
	}
}

// guided is find by the guide. It gives up where that is far off.
func (c *client) guided(clock uint64) (place, bool) {
	const far = 16
	g := c.guide
	k, i := len(c.chunks)-1, chunkLen
	if slot := clock >> g.shift; slot < uint64(len(g.slots)) {
		at := g.slots[slot]
		k, i = int(at>>guideBits), int(at&(chunkLen-1))
	}
	if uint(k) >= uint(len(c.chunks)) {
		return place{}, false
	}
	at := &c.chunks[k]
	if clock < at.base && k > 0 {
		k--
		at, i = &c.chunks[k], chunkLen
	}
	if clock < at.base || k+1 < len(c.chunks) && clock >= c.chunks[k+1].base {
		return place{}, false
	}
	rel := uint32(min(clock-at.base, 1<<32-1))
	e := at.entries
	i = min(i, len(e)-1)
	for n := far; n > 0; n-- {
		if e[i].rel > rel {
			i--
		} else if i+1 < len(e) && e[i+1].rel <= rel {
			i++
		} else {
			return place{int32(k), int32(i)}, true
		}
	}
	return place{}, false
}
