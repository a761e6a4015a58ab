package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// Merge returns one update that stands for all of the given ones, byte for byte
// what Y.mergeUpdates of Yjs 13.6 returns. It takes O(n log n) for n structs,
// and copies stretches that do not overlap whole.
//
// The updates are only read. The result is the caller's, but a single update is
// returned itself, after it was checked. The error is a *lib0.Error about the
// first update that is malformed, or TooLarge if they are over MaxSize together.
//
// Where Yjs would lose structs, Merge does not: an update whose clients are not
// in descending order, or occur twice, which Yjs never writes, is merged as if
// its sections were updates of their own.
//
// Where Yjs's result depends on the JavaScript engine, Merge returns what V8 makes
// of it, unless that takes too long; see queue.
//
// Source: yjs@13.6.33/src/utils/updates.js#mergeUpdatesV2.
func Merge(updates ...[]byte) ([]byte, error) {
	if len(updates) == 1 {
		if err := Validate(updates[0]); err != nil {
			return nil, err
		}
		return updates[0], nil
	}
	return merge(updates, withJSON)
}

func merge(updates [][]byte, l layout) ([]byte, error) {
	m := merger{layout: l}
	deletes, err := m.load(updates)
	if err != nil {
		return nil, err
	}
	m.queue.heap = !m.out.indexes[0].gcs
	m.plan()
	deletes = mergeDeletes(deletes)
	return appendDeletes(m.out.bytes(deletesSize(deletes)), deletes), nil
}

// merger interleaves the runs of its sources in the order of client descending,
// clock ascending.
type merger struct {
	cursors []cursor
	queue   queue
	out     assembler
	known   clockList // what the reader of the result has; nothing in a plain merge
	layout  layout    // of the sources and of the result

	// The section being written. What follows is about the struct last written,
	// which Yjs calls currWrite.
	started bool   // whether the section has any struct
	client  uint64 // whose section it is
	end     uint64 // the clock after the last struct, or what the reader has
	gc      uint64 // if the last struct is a GC: its length. It is not written yet
}

// cursor is a place in the runs of one source, at the start of a struct.
type cursor struct {
	src       uint32
	run, stop uint32 // the run it is in, and the one before which it ends
	off       uint32 // of the struct
	passed    uint32 // structs of the run before it
	clock     uint64 // of the struct
}

// load checks the updates and makes their index. It returns what they delete.
func (m *merger) load(updates [][]byte) ([]deleteRange, error) {
	total := 0
	for _, u := range updates {
		if total += len(u); total > MaxSize {
			return nil, &lib0.Error{Field: "updates", Reason: lib0.TooLarge}
		}
	}
	x := &index{runs: make([]run, 0, len(updates))}
	sources := updates
	for i, u := range updates {
		was := *x
		odd, err := x.add(uint32(i), u, m.layout)
		if err != nil {
			return nil, err
		}
		if odd {
			if &sources[0] == &updates[0] {
				sources = slices.Clone(updates)
			}
			sources[i] = canonical(u)
			*x = was
			if _, err := x.add(uint32(i), sources[i], m.layout); err != nil {
				return nil, err
			}
		}
	}
	m.out.sources, m.out.indexes = sources, []*index{x}
	return x.deletes, nil
}

// mustLoad is load for updates that were checked before.
func (m *merger) mustLoad(updates [][]byte) []deleteRange {
	deletes, err := m.load(updates)
	if err != nil {
		panic("update: a checked update is malformed: " + err.Error())
	}
	return deletes
}

// plan fills the assembler.
func (m *merger) plan() {
	m.setCursors()
	for m.queue.next(m) {
		m.step(&m.cursors[m.queue.nodes[0].cursor])
	}
	m.flush()
}

// setCursors makes a cursor for every source that has structs, and several for
// one that is not in order.
func (m *merger) setCursors() {
	m.cursors = make([]cursor, 0, len(m.out.sources))
	for k, x := range m.out.indexes {
		for i := range x.runs {
			if i > 0 && inOrder(&x.runs[i-1], &x.runs[i]) {
				m.cursors[len(m.cursors)-1].stop++
				continue
			}
			c := cursor{src: x.runs[i].src + uint32(k), run: uint32(i), stop: uint32(i) + 1}
			c.off, c.clock = x.runs[i].off, x.runs[i].clock
			m.cursors = append(m.cursors, c)
		}
	}
	m.out.pieces = make([]piece, 0, len(m.cursors))
	m.queue.nodes = make([]node, len(m.cursors))
	for i := range m.cursors {
		c := &m.cursors[i]
		m.queue.nodes[i] = node{m.run(c).client, c.clock, int32(i), uint32(i)}
	}
}

// run returns the run that a cursor is in.
func (m *merger) run(c *cursor) *run { return &m.out.indexOf(c.src).runs[c.run] }

// inOrder reports whether b can follow a in one cursor.
func inOrder(a, b *run) bool {
	return a.src == b.src && (a.client > b.client || a.client == b.client && a.end <= b.clock)
}

// step takes the first cursor and writes its struct and those that follow it
// without a gap, or moves it past structs that are written already.
func (m *merger) step(c *cursor) {
	r := m.run(c)
	if !m.started && len(m.out.sections) == 0 || r.client != m.client {
		m.flush()
		m.started, m.client, m.end = false, r.client, 0
		for len(m.known) > 0 && m.known[0].client > m.client {
			m.known = m.known[1:]
		}
		if len(m.known) > 0 && m.known[0].client == m.client {
			m.end = m.known[0].clock
		}
		m.out.begin(r.client)
	}
	if c.clock < m.end && m.pass(c) {
		if c.run == c.stop {
			return
		}
		r = m.run(c)
		if r.client != m.client || c.clock > m.end {
			return // another cursor may have what comes before it
		}
	}
	if c.clock > m.end {
		if m.started {
			m.flush()
			m.out.skip(Range{m.end, c.clock})
		}
		m.rest(c)
		return
	}
	if m.gc > 0 && m.isGC(c) {
		units, _ := structLen(m.out.sources[c.src], c.off, m.layout)
		m.gc += c.clock + units - m.end
		m.end = c.clock + units
		return // the cursor stays: next time it is passed
	}
	if c.clock < m.end {
		m.tail(c)
		if c.run == c.stop || c.passed == 0 {
			return
		}
	}
	m.rest(c)
}

// pass moves a cursor past the structs of the client that end by m.end, and
// reports whether there were any.
func (m *merger) pass(c *cursor) (moved bool) {
	for c.run < c.stop {
		r := m.run(c)
		switch {
		case r.client != m.client || c.clock >= m.end:
			return moved
		case r.end <= m.end:
			m.leave(c)
		default:
			if to, ok := m.out.indexOf(c.src).seek(r, c.passed, m.end); ok {
				c.off, c.clock, c.passed, moved = to.off, to.clock, to.passed, true
				continue
			}
			units, next := structLen(m.out.sources[c.src], c.off, m.layout)
			if c.clock+units > m.end {
				return moved
			}
			c.off, c.clock, c.passed = next, c.clock+units, c.passed+1
		}
		moved = true
	}
	return moved
}

// leave moves a cursor to the start of its next run.
func (m *merger) leave(c *cursor) {
	c.run++
	c.passed = 0
	if c.run < c.stop {
		r := m.run(c)
		c.off, c.clock = r.off, r.clock
	}
}

// tail writes that part of the cursor's struct which is past m.end, and moves
// the cursor past the struct.
func (m *merger) tail(c *cursor) {
	m.flush()
	r := m.run(c)
	src := m.out.sources[c.src]
	units, next := structLen(src, c.off, m.layout)
	end := c.clock + units
	if src[c.off]&infoKind == byte(KindGC) {
		m.gc = end - m.end
	} else {
		from := len(m.out.scratch)
		m.out.scratch = appendTail(m.out.scratch, src[c.off:next], ID{r.client, c.clock}, m.end-c.clock)
		m.out.made(from, Range{m.end, end})
	}
	m.started, m.end = true, end
	c.off, c.clock, c.passed = next, end, c.passed+1
	if c.passed == r.n {
		m.leave(c)
	}
}

// rest writes the cursor's run from the cursor on, and moves to the next run.
func (m *merger) rest(c *cursor) {
	m.flush()
	r := m.run(c)
	p := piece{c.src, c.off, r.stop, c.passed, r.fix, r.fixed, r.mark, r.marked}
	n, end := r.n-c.passed, r.end
	if src := m.out.sources[c.src]; src[r.last]&infoKind == byte(KindGC) {
		m.gc, _ = structLen(src, r.last, m.layout)
		p.stop = r.last
		n--
		end -= m.gc
	}
	if n > 0 {
		m.out.structs(p, int(n), Range{c.clock, end}, r.last)
	}
	m.started, m.end = true, r.end
	m.leave(c)
}

// flush writes the GC that was held back because it might grow.
func (m *merger) flush() {
	if m.gc > 0 {
		m.out.gc(Range{m.end - m.gc, m.end})
		m.gc = 0
	}
}
