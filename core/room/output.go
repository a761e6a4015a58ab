package room

import "github.com/weft-sync/weft/core/codec"

// Append ends a batch: it returns its fresh updates, merged into one, and their
// sequence number, which is 1 for the first and grows by 1. ok is false if there
// was nothing fresh.
//
// The update must be handed to the store, after those before it, before any
// frame is sent that Take returns later. It is read-only: frames share it.
func (r *Room) Append() (u []byte, seq uint64, ok bool) {
	r.shared.reset()
	r.dropLoads()
	if r.batch.empty() {
		return nil, 0, false
	}
	r.stats.Merged += uint64(r.batch.updates)
	b, err := r.batch.seal()
	if err != nil {
		// Too large to be merged. The document has all of it.
		whole := r.doc.Encode()
		b = sealed{update: whole, size: len(whole)}
	}
	n := r.log.add(b)
	if b.from != nil {
		r.attribute(n, b.from, len(b.update))
	}
	for _, s := range b.shares {
		r.attribute(n, s.from, len(s.update))
	}
	r.trim()
	r.appended++
	return b.update, r.appended, true
}

// attribute notes that m contributed so many bytes to batch n, the newest. If
// it is all m's and m has read the rest, there is nothing to send to m. So the
// batch that a follower's place names always has something for it.
func (r *Room) attribute(n uint64, m *member, size int) {
	m.authored = n + 1
	if m.feed != following {
		return
	}
	if m.at == n && r.log.batch(n).sole(m) {
		r.log.exit(m.at)
		m.at = r.log.enter()
	}
	r.countTraffic(m, size)
}

// trim drops batches that nobody needs, and those that there is no room for.
func (r *Room) trim() {
	for r.log.unneeded() || r.log.overfull() {
		n := r.log.first
		b := r.log.drop()
		r.stats.Replaced += uint64(b.waiting)
		if b.from != nil {
			r.credit(n, b.from, b.update)
		}
		for _, s := range b.shares {
			r.credit(n, s.from, s.update)
		}
	}
}

// credit counts as known to m what it contributed to batch n, if it will be sent
// a diff that would repeat it.
func (r *Room) credit(n uint64, m *member, own []byte) {
	if m.feed != none && m.at <= n {
		m.known = withOwn(knownBy(m), own)
	}
}

// Ready returns the members that have something to be sent and no write under
// way. The slice is valid until the next call. A member stays in it until it is
// taken; in rare cases there turns out to be nothing to send. Ready panics with
// a codec.UsageError if an Append is due.
func (r *Room) Ready() []Member {
	r.mustBeSealed()
	if r.activeAt != r.log.end() || r.activeFor != r.states.Version() {
		r.activeAt, r.activeFor = r.log.end(), r.states.Version()
		for _, m := range r.order {
			if !m.listed && r.hasNews(m) {
				r.activate(m)
			}
		}
	}
	r.ready = r.ready[:0]
	active := r.active[:0]
	for _, m := range r.active {
		if r.hasNews(m) {
			active = append(active, m)
			r.ready = append(r.ready, m.id)
		} else {
			m.listed = false
		}
	}
	clear(r.active[len(active):])
	r.active, r.next, r.due = active, 0, len(active)
	return r.ready
}

// activate has Ready look at m.
func (r *Room) activate(m *member) {
	if !m.listed {
		m.listed = true
		r.active = append(r.active, m)
	}
}

// hasNews reports whether m may be written to and there is something to write.
func (r *Room) hasNews(m *member) bool {
	if m.phase != idle {
		return false
	}
	if m.feed != following || m.at != r.log.end() || m.overdue || m.inquired {
		return true
	}
	if m.seat != nil && m.seat.hasNotice() {
		return true
	}
	if m.newcomer {
		return r.states.Len() > 0
	}
	return m.seen != r.states.Version()
}

// Hold is for a member in Ready whose connection cannot take anything at the
// moment, because it carries the frames of other rooms too: nothing is taken,
// and it is not ready until HandleWritten. A member that has nothing to be sent,
// or a write under way, is left as it is.
func (r *Room) Hold(id Member) {
	r.mustBeSealed()
	m := r.find(id)
	if m == nil || m.phase != idle {
		return
	}
	m.phase = m.phase.next(take)
	r.quiet.leave(m)
	if r.due--; r.due <= 0 {
		r.shared.reset()
		r.dropLoads()
	}
}

func (r *Room) mustBeSealed() {
	if !r.batch.empty() {
		panic(codec.UsageError("room: Ready or Take before Append"))
	}
}

// find returns a member, or nil. Take is mostly called in the order of Ready.
func (r *Room) find(id Member) *member {
	if r.next < len(r.active) {
		if m := r.active[r.next]; m.id == id && m.phase != gone {
			r.next++
			return m
		}
	}
	return r.members[id]
}
