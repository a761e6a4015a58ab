package update

// queue holds the cursors of a merge, the one whose turn it is first.
//
// Yjs keeps its decoders in an array. In each round it sorts the array by client
// descending and clock ascending, and moves the first. Where two are equal, the
// result depends on how they stand in the array, and which of them is written
// decides the bytes; so the queue must break ties as that array does.
//
//   - If the equal structs are of one class (both GC, or both Item), Yjs's
//     comparison says 0 and the sort is stable: of the equal ones that which moved
//     last comes first, and at the beginning the order of the updates holds. A
//     heap with a falling sequence number as the last key does the same.
//   - If one is a GC and the other an Item, the comparison says "less" both ways
//     round, and the result is whatever the algorithm of the JavaScript engine
//     makes of that; equal elements change places even while they wait. For fewer
//     than 64 elements V8 uses insertion sort, which sortFew repeats step by step.
//     For more, Yjs's own result differs between engines, and the heap's order
//     is taken.
//
// Source: yjs@13.6.33/src/utils/updates.js#mergeUpdatesV2; V8's
// third_party/v8/builtins/array-sort.tq#CountAndMakeRun, #BinaryInsertionSort.
type queue struct {
	nodes []node
	heap  bool  // nodes is a heap, and not sorted
	begun bool  // whether there was a round
	seq   int32 // the sequence number given last
}

// node is a cursor with its key.
type node struct {
	client, clock uint64
	seq           int32
	cursor        uint32
}

// few is the length from which V8 sorts otherwise.
const few = 64

// next brings the queue in order after the first cursor moved, and reports
// whether any cursor is left.
func (q *queue) next(m *merger) bool {
	switch {
	case !q.begun:
		q.begun = true
		q.heap = len(q.nodes) >= few
		if q.heap {
			for i := len(q.nodes)/2 - 1; i >= 0; i-- {
				q.down(i)
			}
		} else {
			q.sortFew(m)
		}
	case q.heap:
		if !q.update(m) {
			last := len(q.nodes) - 1
			q.nodes[0] = q.nodes[last]
			q.nodes = q.nodes[:last]
		}
		q.down(0)
	default:
		if !q.update(m) {
			q.nodes = q.nodes[1:]
		}
		q.sortFew(m)
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

// sortFew is V8's sort for fewer than 64 elements: it finds the ascending or
// strictly descending stretch at the start, turns a descending one round, and
// inserts the others one by one.
func (q *queue) sortFew(m *merger) {
	a := q.nodes
	if len(a) < 2 {
		return
	}
	n := 2
	descending := m.less(&a[1], &a[0])
	for n < len(a) && m.less(&a[n], &a[n-1]) == descending {
		n++
	}
	if descending {
		for i, k := 0, n-1; i < k; i, k = i+1, k-1 {
			a[i], a[k] = a[k], a[i]
		}
	}
	for ; n < len(a); n++ {
		pivot := a[n]
		lo, hi := 0, n
		for lo < hi {
			if mid := lo + (hi-lo)/2; m.less(&pivot, &a[mid]) {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		copy(a[lo+1:n+1], a[lo:n])
		a[lo] = pivot
	}
}

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
