package room

import "github.com/weft-sync/weft/core/update"

// batch gathers the fresh updates between two calls of Append, by sender. Its
// slices are reused.
type batch struct {
	shares  []gathered // in the order of the senders' first updates
	updates int
	frame   []byte // the first update's frame, if others can be sent the same
	all     [][]byte
}

// gathered is what one member has sent.
type gathered struct {
	from    *member
	updates [][]byte
}

func (b *batch) empty() bool { return b.updates == 0 }

// add adds an update. frame is the frame it came in, if that is as AppendY
// would write it, else nil.
func (b *batch) add(m *member, u, frame []byte) {
	if m.share == 0 {
		n := len(b.shares)
		if n < cap(b.shares) {
			b.shares = b.shares[:n+1] // with the slice of updates that was there
		} else {
			b.shares = append(b.shares, gathered{})
		}
		b.shares[n].from = m
		m.share = n + 1
	}
	g := &b.shares[m.share-1]
	g.updates = append(g.updates, u)
	if b.updates == 0 {
		b.frame = frame
	}
	b.updates++
}

// seal merges what was gathered, and empties b. It fails if the updates cannot
// be merged, which happens if they are too large together.
func (b *batch) seal() (s sealed, err error) {
	if len(b.shares) == 1 {
		s.from = b.shares[0].from
		s.update, err = merge(b.shares[0].updates)
	} else {
		s.shares = make([]share, len(b.shares))
		b.all = b.all[:0]
		for i := range b.shares {
			g := &b.shares[i]
			s.shares[i].from = g.from
			if s.shares[i].update, err = merge(g.updates); err != nil {
				break
			}
			s.size += len(s.shares[i].update)
			b.all = append(b.all, s.shares[i].update)
		}
		if err == nil {
			s.update, err = merge(b.all)
		}
		clear(b.all)
	}
	s.size += len(s.update)
	if b.updates == 1 {
		s.frame = b.frame
	}
	for i := range b.shares {
		g := &b.shares[i]
		g.from.share = 0
		g.from = nil
		clear(g.updates)
		g.updates = g.updates[:0]
	}
	b.shares, b.updates, b.frame = b.shares[:0], 0, nil
	return s, err
}

// merge is update.Merge, without checking again a single update that has been
// checked when it came.
func merge(updates [][]byte) ([]byte, error) {
	if len(updates) == 1 {
		return updates[0], nil
	}
	return update.Merge(updates...)
}
