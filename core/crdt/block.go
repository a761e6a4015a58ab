package crdt

import (
	"math"

	"github.com/weft-sync/weft/core/update"
)

// handle names a block of a document: its place in Doc.blocks. 0 is no block.
// A block that is merged into its left neighbour gives its handle back, and the
// next new block may get it: a handle is kept over a change of the document only
// where the code says why it stays good. An id always does.
type handle = uint32

// block is a struct of the document: a run of units with consecutive clocks that
// one client made, at one place of one list. It holds no Go pointer, so the garbage
// collector never looks into a document.
//
//	 0  clock        8   of the first unit
//	 8  length       4   in units; text counts UTF-16 units. longLength: see Doc.long
//	12  client       4   place in Doc.clients
//	16  origin       8   the unit left of it when it was made
//	24  rightOrigin  8   the unit right of it when it was made
//	32  left, right  8   its neighbours in the list now, collected and deleted ones among them
//	40  list         4   place in Doc.lists; 0 for a GC, which is in no list
//	44  content      4   what it holds, by kind, see content.go
//	48  size         4
//	52  kind, flags  2
type block struct {
	clock               uint64
	length              uint32
	client              uint32
	origin, rightOrigin ref
	left, right         handle
	list                uint32
	content, size       uint32
	kind                update.Kind
	flags               uint8
}

// Flags of a block.
const (
	flagDeleted = 1 << iota // its content is gone from the document
	flagKeep                // its content is needed by an undo manager, and not collected
	flagRedone              // an undo put a copy in its place: Doc.redone has its id
	flagHigh                // a clock of its origins is past 2^32: Doc.high has the upper bits
	flagMark                // its type may have noted the attributes after it, see marks.go
	flagAny                 // the value of an embed or a format is held as Any, not as JSON
)

// ref is an id with the client's place and the lower 32 bits of the clock.
type ref struct{ client, clock uint32 }

// id is an id with the client's place in Doc.clients.
type id struct {
	client uint32
	clock  uint64
}

const (
	noClient      = math.MaxUint32     // as id.client: no id
	unknownClient = math.MaxUint32 - 1 // as id.client: a client of whom the document has nothing
	longLength    = math.MaxUint32     // as block.length: the length is in Doc.long
)

var (
	noID  = id{client: noClient}
	noRef = ref{client: noClient}
)

func (i id) exists() bool { return i.client != noClient }

func (b *block) deleted() bool { return b.flags&flagDeleted != 0 }

// countable reports whether units of a kind count for positions.
// Source: yjs@13.6.33, the methods isCountable of src/structs/Content*.js.
func countable(k update.Kind) bool {
	return k != update.KindDeleted && k != update.KindFormat && k != update.KindGC
}

// visible returns how many positions the block takes in its list.
func (b *block) visible() uint32 {
	if b.flags&flagDeleted != 0 || !countable(b.kind) {
		return 0
	}
	return b.length
}

// newBlock returns the handle of a zeroed block. Pointers to blocks are not good
// any more afterwards.
func (d *Doc) newBlock() handle {
	if h := d.freeBlock; h != 0 {
		d.freeBlock = d.blocks[h].right
		d.blocks[h] = block{}
		return h
	}
	if len(d.blocks) == 0 {
		d.blocks = append(d.blocks, block{})
	}
	d.blocks = append(d.blocks, block{})
	return handle(len(d.blocks) - 1)
}

// release gives a handle back. Nothing may refer to the block any more.
func (d *Doc) release(h handle) {
	b := &d.blocks[h]
	if b.flags&flagHigh != 0 {
		delete(d.high, h)
	}
	if b.length == longLength {
		delete(d.long, h)
	}
	*b = block{right: d.freeBlock, kind: update.KindSkip}
	d.freeBlock = h
}

// length returns the length of a block in units.
func (d *Doc) length(h handle) uint64 {
	if n := d.blocks[h].length; n != longLength {
		return uint64(n)
	}
	return d.long[h]
}

// setLength sets the length of a block. Only what is deleted or collected is long.
func (d *Doc) setLength(h handle, n uint64) {
	b := &d.blocks[h]
	if n < longLength {
		if b.length == longLength {
			delete(d.long, h)
		}
		b.length = uint32(n)
		return
	}
	if d.long == nil {
		d.long = map[handle]uint64{}
	}
	b.length = longLength
	d.long[h] = n
}

// end returns the clock after the last unit of a block.
func (d *Doc) end(h handle) uint64 { return d.blocks[h].clock + d.length(h) }

// firstID and lastID return the ids of a block's first and last unit.
func (d *Doc) firstID(h handle) id { b := &d.blocks[h]; return id{b.client, b.clock} }
func (d *Doc) lastID(h handle) id  { return id{d.blocks[h].client, d.end(h) - 1} }

// origin returns the id of the unit that was left of a block when it was made.
func (d *Doc) origin(h handle) id {
	b := &d.blocks[h]
	i := id{b.origin.client, uint64(b.origin.clock)}
	if b.flags&flagHigh != 0 {
		i.clock |= uint64(d.high[h][0]) << 32
	}
	return i
}

// rightOrigin returns the id of the unit that was right of a block when it was made.
func (d *Doc) rightOrigin(h handle) id {
	b := &d.blocks[h]
	i := id{b.rightOrigin.client, uint64(b.rightOrigin.clock)}
	if b.flags&flagHigh != 0 {
		i.clock |= uint64(d.high[h][1]) << 32
	}
	return i
}

// setOrigins sets both origins of a new block.
func (d *Doc) setOrigins(h handle, origin, right id) {
	b := &d.blocks[h]
	b.origin = ref{origin.client, uint32(origin.clock)}
	b.rightOrigin = ref{right.client, uint32(right.clock)}
	if (origin.clock|right.clock)>>32 == 0 {
		return
	}
	if d.high == nil {
		d.high = map[handle][2]uint32{}
	}
	b.flags |= flagHigh
	d.high[h] = [2]uint32{uint32(origin.clock >> 32), uint32(right.clock >> 32)}
}
