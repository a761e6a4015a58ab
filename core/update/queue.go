package update

// queue holds the cursors of a merge, the one whose turn it is first.
//
// Yjs keeps its decoders in an array. In each round it sorts the array by client
// descending and clock ascending, and moves the first. Where two are equal, their
// order decides which of them is written, and with it the bytes; so the queue must
// break ties as that array does.
//
//   - If the equal structs are of one class (both GC, or both Item), Yjs's
//     comparison says 0 and the sort is stable: of the equal ones that which moved
//     last comes first, and at the beginning the order of the updates holds. A
//     heap with a falling sequence number as the last key does the same.
//   - If one is a GC and the other an Item, the comparison says "less" both ways
//     round, and the result is whatever the algorithm of the JavaScript engine
//     makes of that; elements change places even while they wait. It happens
//     when a snapshot in which a deleted type was collected meets the updates that
//     built the type. Then the queue is an array too, sorted as V8 does it.
//
// Repeating the sorts takes quadratic time. After sortBudget the array becomes a
// heap; from there on such ties fall as they may.
//
// Source: yjs@13.6.33/src/utils/updates.js#mergeUpdatesV2.
type queue struct {
	nodes []node
	heap  bool // nodes is a heap, and not sorted
	begun bool // whether there was a round
	mixed bool // sorted, some neighbours are each less than the other
	seq   int32
	work  int // elements that were looked at to sort
	sort  sorter
}

// node is a cursor with its key.
type node struct {
	client, clock uint64
	seq           int32 // lower than that of every node which was given its key before
	cursor        uint32
}

// sortBudget is how many elements may be looked at or moved to repeat what V8
// does: about a tenth of a second.
const sortBudget = 1 << 25

// next brings the queue in order after the first cursor moved, and reports
// whether any cursor is left.
func (q *queue) next(m *merger) bool {
	switch {
	case q.heap:
		q.nextHeap(m)
	case !q.begun:
		q.sortAll(m)
	case !q.update(m):
		q.nodes = q.nodes[1:]
		if q.mixed {
			q.sortAll(m)
		}
	case q.mixed || !q.insert(m):
		q.sortAll(m)
	}
	q.begun = true
	if !q.heap && q.work > sortBudget {
		q.toHeap()
	}
	return len(q.nodes) > 0
}

// update gives the first node the key of its cursor, or reports that the cursor
// is at its end.
func (q *queue) update(m *merger) bool {
	top := &q.nodes[0]
	c := &m.cursors[top.cursor]
	if c.run == c.stop {
		return false
	}
	client := m.run(c).client
	if top.clock != c.clock || top.client != client {
		q.seq--
		top.client, top.clock, top.seq = client, c.clock, q.seq
	}
	return true
}

// insert moves the first node of an otherwise sorted array to its place, before
// its equals. It does nothing and returns false if it is not of their class.
func (q *queue) insert(m *merger) bool {
	first, others := q.nodes[0], q.nodes[1:]
	lo, hi := 0, len(others)
	for lo < hi {
		if mid := (lo + hi) / 2; others[mid].before(&first) && !others[mid].ties(&first) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(others) && others[lo].ties(&first) && m.less(&others[lo], &first) {
		return false
	}
	copy(q.nodes, others[:lo])
	q.nodes[lo] = first
	q.work += lo
	return true
}

// sortAll sorts the array.
func (q *queue) sortAll(m *merger) {
	q.sort.sort(m, q.nodes)
	q.mixed = false
	for i := 1; i < len(q.nodes) && !q.mixed; i++ {
		q.mixed = m.less(&q.nodes[i], &q.nodes[i-1])
	}
	q.work += 2 * len(q.nodes)
}

// toHeap makes the sorted array a heap, which it nearly is.
func (q *queue) toHeap() {
	for i := len(q.nodes) - 1; i >= 0; i-- {
		q.seq--
		q.nodes[i].seq = q.seq
	}
	q.heap = true
}

func (q *queue) nextHeap(m *merger) {
	switch {
	case !q.begun:
		for i := len(q.nodes)/2 - 1; i > 0; i-- {
			q.down(i)
		}
	case !q.update(m):
		last := len(q.nodes) - 1
		q.nodes[0] = q.nodes[last]
		q.nodes = q.nodes[:last]
	}
	q.down(0)
}

// down restores the heap after the node at i may have become larger.
func (q *queue) down(i int) {
	h := q.nodes
	for {
		k := 2*i + 1
		if k >= len(h) {
			return
		}
		if k+1 < len(h) && h[k+1].before(&h[k]) {
			k++
		}
		if !h[k].before(&h[i]) {
			return
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
}

func (n *node) before(o *node) bool {
	if n.client != o.client {
		return n.client > o.client
	}
	if n.clock != o.clock {
		return n.clock < o.clock
	}
	return n.seq < o.seq
}

func (n *node) ties(o *node) bool { return n.client == o.client && n.clock == o.clock }

// less is Yjs's comparison, with its fault: of a GC and an Item with the same id
// each is less than the other.
func (m *merger) less(a, b *node) bool {
	if a.client != b.client {
		return a.client > b.client
	}
	if a.clock != b.clock {
		return a.clock < b.clock
	}
	return m.isGC(&m.cursors[a.cursor]) != m.isGC(&m.cursors[b.cursor])
}

// isGC reports whether the struct at a cursor is a GC.
func (m *merger) isGC(c *cursor) bool {
	return m.out.sources[c.src][c.off]&infoKind == byte(KindGC)
}
