package room

// updateLog is the queue of all members together: the batches that some
// follower has not taken yet. A member's own queue is the place from which on it
// has to read, so spreading a batch among any number of members is one append.
//
// Batches have numbers that only grow. Each counts the members whose place it
// is; the members at the end are counted in idle. A batch at the front that is
// nobody's place is not needed any more.
type updateLog struct {
	limit   int
	batches []sealed // those before head are gone
	head    int
	first   uint64 // number of batches[head]
	idle    int    // members that have taken everything
	bytes   int
	framed  []uint64 // numbers of batches with a cached frame
}

// sealed is a batch in the log.
type sealed struct {
	update  []byte  // all of it, merged
	from    *member // who sent it; nil if there were several
	shares  []share // who sent what, if there were several
	size    int     // bytes held
	waiting int     // members whose place this is

	// The frame of everything from this batch up to, not including, number
	// frameEnd; nil if nobody has needed it yet.
	frame    []byte
	frameEnd uint64
}

// share is what one member contributed to a batch.
type share struct {
	from   *member
	update []byte
}

func (l *updateLog) len() int { return len(l.batches) - l.head }

// end returns the number of the next batch.
func (l *updateLog) end() uint64 { return l.first + uint64(l.len()) }

// batch returns the batch with the given number, which must be in the log.
func (l *updateLog) batch(n uint64) *sealed { return &l.batches[l.head+int(n-l.first)] }

// enter counts a new follower and returns its place.
func (l *updateLog) enter() uint64 {
	l.idle++
	return l.end()
}

// exit takes back the place of a follower, unless it was dropped.
func (l *updateLog) exit(place uint64) {
	switch {
	case place < l.first:
	case place == l.end():
		l.idle--
	default:
		l.batch(place).waiting--
	}
}

// add appends a batch and returns its number. Whoever was at the end has it to
// read.
func (l *updateLog) add(b sealed) uint64 {
	// Frames that end before the new batch will not be needed again.
	for _, n := range l.framed {
		if n >= l.first {
			l.batch(n).frame = nil
		}
	}
	l.framed = l.framed[:0]
	if l.head > 0 && len(l.batches) == cap(l.batches) {
		n := copy(l.batches, l.batches[l.head:])
		clear(l.batches[n:])
		l.batches, l.head = l.batches[:n], 0
	}
	number := l.end()
	b.waiting, l.idle = l.idle, 0
	l.bytes += b.size
	l.batches = append(l.batches, b)
	if b.frame != nil {
		l.cache(number, b.frame)
	}
	return number
}

// unneeded reports whether the first batch is nobody's place.
func (l *updateLog) unneeded() bool {
	return l.len() > 0 && l.batches[l.head].waiting == 0
}

// overfull reports whether the first batch has to go though somebody needs it.
// The newest one always stays: a single large update is no reason to compute
// diffs for everybody.
func (l *updateLog) overfull() bool { return l.len() > 1 && l.bytes > l.limit }

// drop removes the first batch and returns it.
func (l *updateLog) drop() sealed {
	b := l.batches[l.head]
	l.batches[l.head] = sealed{}
	l.bytes -= b.size
	l.first++
	l.head++
	if l.head == len(l.batches) {
		l.batches, l.head = l.batches[:0], 0
	}
	return b
}

// cache keeps the frame of everything from batch n on.
func (l *updateLog) cache(n uint64, frame []byte) {
	b := l.batch(n)
	b.frame, b.frameEnd = frame, l.end()
	l.framed = append(l.framed, n)
	if b.frameEnd == n+1 {
		// The frame ends with the update: hold the bytes once.
		b.update = frame[len(frame)-len(b.update):]
	}
}

// cached returns the frame of everything from batch n on, or nil.
func (l *updateLog) cached(n uint64) []byte {
	if b := l.batch(n); b.frameEnd == l.end() {
		return b.frame
	}
	return nil
}

// sole reports whether everything in b is from m.
func (b *sealed) sole(m *member) bool { return b.from == m }

// others appends the updates of b that are not from m.
func (b *sealed) others(m *member, updates [][]byte) [][]byte {
	if b.sole(m) {
		return updates
	}
	for i := range b.shares {
		if b.shares[i].from == m {
			for j := range b.shares {
				if i != j {
					updates = append(updates, b.shares[j].update)
				}
			}
			return updates
		}
	}
	return append(updates, b.update)
}

// own returns the update of b that is from m, or nil.
func (b *sealed) own(m *member) []byte {
	if b.sole(m) {
		return b.update
	}
	for i := range b.shares {
		if b.shares[i].from == m {
			return b.shares[i].update
		}
	}
	return nil
}
