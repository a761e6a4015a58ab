package crdt

// An order-statistic tree over the blocks of a list: a B+ tree whose leaves hold
// the blocks in the order of the list, deleted ones too, each with the number of
// positions it takes; inner nodes hold the sums. It is built the first time a
// position is asked for in a list of some length, and kept up to date from then
// on. A document that is only synced has none.

// node is a node of a tree. Nodes live in Doc.nodes and refer to each other by
// place; 0 is none.
type node struct {
	parent uint32
	list   uint32 // of a root: whose it is
	n      uint8
	leaf   bool
	child  [fan]uint32 // blocks in a leaf, nodes otherwise
	size   [fan]uint32 // positions of each
}

const fan = 32

// newNode returns the place of a zeroed node. Pointers to nodes are not good any
// more afterwards.
func (d *Doc) newNode(leaf bool) uint32 {
	if i := d.freeNode; i != 0 {
		d.freeNode = d.nodes[i].parent
		d.nodes[i] = node{leaf: leaf}
		return i
	}
	if len(d.nodes) == 0 {
		d.nodes = append(d.nodes, node{})
	}
	d.nodes = append(d.nodes, node{leaf: leaf})
	return uint32(len(d.nodes) - 1)
}

func (d *Doc) releaseNode(i uint32) {
	d.nodes[i] = node{parent: d.freeNode}
	d.freeNode = i
}

// treeBuild makes the tree of a list.
func (d *Doc) treeBuild(at uint32) {
	const fill = fan * 3 / 4
	if len(d.leafOf) < len(d.blocks) {
		d.leafOf = append(d.leafOf, make([]uint32, len(d.blocks)-len(d.leafOf))...)
	}
	var level []uint32 // the nodes of the level being built
	h := d.lists[at].start
	for h != 0 {
		i := d.newNode(true)
		n := &d.nodes[i]
		for ; h != 0 && n.n < fill; h = d.blocks[h].right {
			n.child[n.n], n.size[n.n] = h, d.blocks[h].visible()
			n.n++
			d.leafOf[h] = i
		}
		level = append(level, i)
	}
	if len(level) == 0 {
		return
	}
	for len(level) > 1 {
		up := level[:0]
		for len(level) > 0 {
			k := min(len(level), fill)
			i := d.newNode(false)
			n := &d.nodes[i]
			for j, c := range level[:k] {
				n.child[j], n.size[j] = c, d.nodes[c].sum()
				d.nodes[c].parent = i
			}
			n.n = uint8(k)
			level = level[k:]
			up = append(up, i)
		}
		level = up
	}
	d.nodes[level[0]].list = at
	d.lists[at].root = level[0]
}

// treeDrop gives the nodes of a list's tree back.
func (d *Doc) treeDrop(at uint32) {
	root := d.lists[at].root
	if root == 0 {
		return
	}
	d.lists[at].root = 0
	work := []uint32{root}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		if n := &d.nodes[i]; !n.leaf {
			work = append(work, n.child[:n.n]...)
		}
		d.releaseNode(i)
	}
}

func (n *node) sum() (s uint32) {
	for _, v := range n.size[:n.n] {
		s += v
	}
	return s
}

// slot returns where a child is in a node.
func (n *node) slot(child uint32) int {
	for i := range n.child[:n.n] {
		if n.child[i] == child {
			return i
		}
	}
	panic("crdt: a tree lost a child")
}

// treeFind returns the block that holds the unit before a position, which is from
// 1 to the number of positions, and the position of the block's first unit.
func (d *Doc) treeFind(root, position uint32) (h handle, at uint32) {
	n := &d.nodes[root]
	rest := position
	for {
		i := 0
		for rest > n.size[i] {
			rest -= n.size[i]
			i++
		}
		if n.leaf {
			return n.child[i], position - rest
		}
		n = &d.nodes[n.child[i]]
	}
}

// treePosition returns how many positions are before a block.
func (d *Doc) treePosition(h handle) (at uint32) {
	child := h
	for i := d.leafOf[h]; i != 0; i = d.nodes[i].parent {
		n := &d.nodes[i]
		for k := range n.child {
			if n.child[k] == child {
				break
			}
			at += n.size[k]
		}
		child = i
	}
	return at
}

// grow adds to the sizes of the nodes above a child of node i. by may wrap around:
// then it is less than zero.
func (d *Doc) grow(i, by uint32) {
	for {
		up := d.nodes[i].parent
		if up == 0 {
			return
		}
		n := &d.nodes[up]
		n.size[n.slot(i)] += by
		i = up
	}
}

// treeResize gives a block another number of positions.
func (d *Doc) treeResize(h handle, from, to uint32) {
	i := d.leafOf[h]
	n := &d.nodes[i]
	n.size[n.slot(h)] = to
	d.grow(i, to-from)
}

// treeInsert puts a block after left, or first where left is 0.
func (d *Doc) treeInsert(list uint32, left, h handle, size uint32) {
	if need := int(max(h, left)) + 1; len(d.leafOf) < need {
		d.leafOf = append(d.leafOf, make([]uint32, need-len(d.leafOf))...)
	}
	var i uint32
	k := 0
	if left != 0 {
		i = d.leafOf[left]
		k = d.nodes[i].slot(left) + 1
	} else {
		for i = d.lists[list].root; !d.nodes[i].leaf; i = d.nodes[i].child[0] {
		}
	}
	if d.nodes[i].n == fan {
		i, k = d.splitNode(i, k)
	}
	d.nodes[i].put(k, h, size)
	d.leafOf[h] = i
	d.grow(i, size)
}

// put puts a child at a slot of a node that has room.
func (n *node) put(k int, child, size uint32) {
	copy(n.child[k+1:n.n+1], n.child[k:n.n])
	copy(n.size[k+1:n.n+1], n.size[k:n.n])
	n.child[k], n.size[k] = child, size
	n.n++
}

// splitNode makes room in a full node for a child at slot k, and returns where the
// child goes now. A node that is filled at its end stays full, so that a list
// which grows at its end has full nodes.
func (d *Doc) splitNode(i uint32, k int) (uint32, int) {
	if d.nodes[i].parent == 0 {
		up := d.newNode(false)
		old, n := &d.nodes[i], &d.nodes[up]
		n.n, n.child[0], n.size[0], n.list = 1, i, old.sum(), old.list
		old.parent = up
		d.lists[n.list].root = up
	}
	up := d.nodes[i].parent
	at := d.nodes[up].slot(i) + 1
	if d.nodes[up].n == fan {
		up, at = d.splitNode(up, at)
	}
	right := d.newNode(d.nodes[i].leaf)
	n, r := &d.nodes[i], &d.nodes[right]
	half := fan / 2
	if k == fan {
		half = fan
	}
	r.n = uint8(copy(r.child[:], n.child[half:]))
	copy(r.size[:], n.size[half:])
	clear(n.child[half:])
	clear(n.size[half:])
	n.n = uint8(half)
	for _, c := range r.child[:r.n] {
		if r.leaf {
			d.leafOf[c] = right
		} else {
			d.nodes[c].parent = right
		}
	}
	moved := r.sum()
	own := &d.nodes[n.parent]
	own.size[own.slot(i)] -= moved
	r.parent = up
	d.nodes[up].put(at, right, moved)
	if n.parent != up { // the parent was split between the two
		d.grow(n.parent, -moved)
		d.grow(up, moved)
	}
	if k > half || k == fan {
		return right, k - half
	}
	return i, k
}

// treeRemove takes a block out.
func (d *Doc) treeRemove(h handle) {
	i := d.leafOf[h]
	n := &d.nodes[i]
	k := n.slot(h)
	if by := n.size[k]; by != 0 {
		d.grow(i, -by)
	}
	d.leafOf[h] = 0
	n.take(k)
	for n.n == 0 && n.parent != 0 {
		up := n.parent
		d.releaseNode(i)
		n = &d.nodes[up]
		n.take(n.slot(i))
		i = up
	}
	if n.n == 0 {
		d.lists[n.list].root = 0
		d.releaseNode(i)
	}
}

// take removes the child at a slot.
func (n *node) take(k int) {
	copy(n.child[k:], n.child[k+1:n.n])
	copy(n.size[k:], n.size[k+1:n.n])
	n.n--
	n.child[n.n], n.size[n.n] = 0, 0
}
