package crdt

// The attributes at a place of a text are what the formats before it come to. Yjs
// goes through the text from its start each time. Here some blocks are marked, and the
// attributes that are in force after them kept, until a format comes or goes: typing
// finds a mark a few blocks to the left. Text that comes or goes changes no attributes.

// markEvery is how many blocks at most are between marks where they were set.
const markEvery = 64

// attrsAfter returns the attributes in force after a block of a text, or at its start
// for 0. They are the caller's until the next call.
func (d *Doc) attrsAfter(t uint32, h handle) attrs {
	out := d.attrs[:0]
	ty := &d.types[t]
	if !ty.formatted || h == 0 {
		return out
	}
	from, far := h, 0
	for ; from != 0; from = d.blocks[from].left {
		if d.blocks[from].flags&flagMark != 0 {
			if known, ok := ty.marks[from]; ok {
				out = append(out, known...)
				break
			}
		}
		far++
	}
	next := d.lists[ty.seq].start
	if from != 0 {
		next = d.blocks[from].right
	}
	for n := 1; from != h; next = d.blocks[next].right {
		if d.isFormat(next) {
			d.applyFormat(&out, next)
		}
		from = next
		if n%markEvery == 0 || from == h && far > markEvery/8 {
			d.mark(ty, from, out)
		}
		n++
	}
	d.attrs = out
	return out
}

func (d *Doc) mark(ty *typ, h handle, a attrs) {
	if ty.marks == nil {
		ty.marks = map[handle]attrs{}
	}
	ty.marks[h] = append(attrs(nil), a...)
	d.blocks[h].flags |= flagMark
}
