package crdt

// guide helps while a large update fills an empty client. It tells about where the
// client's blocks are by clock: a search that begins there takes a step or two. And it
// has room for their entries.
type guide struct {
	shift   uint
	slots   []handle // the first block that begins at or after slot<<shift
	entries []entry  // room for chunks
}

const (
	guideShift = 4
	guideSlack = 64 // slots there may be above one for each block
)

// newGuide returns a guide with room for a number of blocks.
func newGuide(blocks int) *guide {
	chunks := (blocks + chunkLen - 1) / chunkLen
	return &guide{guideShift, make([]handle, 0, blocks+guideSlack), make([]entry, chunks*chunkLen)}
}

// add adds the block that begins at a clock, which is the last now, the nth.
func (g *guide) add(clock uint64, h handle, n int) {
	for clock>>g.shift > uint64(n+guideSlack) { // it stays in proportion to the blocks
		k := 0
		for i := 0; i < len(g.slots); i += 2 {
			g.slots[k] = g.slots[i]
			k++
		}
		g.slots = g.slots[:k]
		g.shift++
	}
	for uint64(len(g.slots)) <= clock>>g.shift {
		g.slots = append(g.slots, h)
	}
}

// chunk returns room for the entries of a chunk.
func (g *guide) chunk() []entry {
	if len(g.entries) == 0 {
		return nil
	}
	e := g.entries[:0:chunkLen]
	g.entries = g.entries[chunkLen:]
	return e
}

// blockAt is blockOf that looks first where the client's guide says. Whatever block is
// there is only taken if it holds the unit.
func (d *Doc) blockAt(c *client, i id) handle {
	if g := c.guide; g != nil {
		const far = 16
		h := c.last
		if slot := i.clock >> g.shift; slot < uint64(len(g.slots)) {
			h = g.slots[slot]
		}
		for n := far; n > 0 && h < handle(len(d.blocks)); n-- {
			b := &d.blocks[h]
			if b.client != i.client {
				break
			}
			if b.clock > i.clock {
				h--
			} else if i.clock-b.clock < uint64(b.length) {
				return h
			} else {
				h++
			}
		}
	}
	return c.at(c.find(i.clock))
}
