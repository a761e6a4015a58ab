package room

import "testing"

// checkInvariants recomputes from the members what the room's shared structures
// count, and compares.
func checkInvariants(t testing.TB, r *Room) {
	t.Helper()
	if len(r.order) != len(r.members) {
		t.Fatalf("%d members in order, %d by id", len(r.order), len(r.members))
	}
	idling, size := 0, 0
	waiting := make([]int, r.log.len())
	silent := map[*member]bool{}
	for i, m := range r.order {
		if r.members[m.id] != m || m.order != i {
			t.Fatalf("member %d is out of place", m.id)
		}
		if (m.feed == none) != (m.phase == phase(1)) {
			t.Fatalf("member %d is %v and %v", m.id, m.phase, m.feed)
		}
		if m.phase == idle && !m.overdue {
			silent[m] = true
		}
		if m.feed != following || m.at < r.log.first {
			continue
		}
		if m.at == r.log.end() {
			idling++
			continue
		}
		waiting[m.at-r.log.first]++
		if r.log.batch(m.at).sole(m) {
			t.Fatalf("member %d is to be sent what it sent", m.id)
		}
	}
	for i, want := range waiting {
		b := r.log.batch(r.log.first + uint64(i))
		if b.waiting != want {
			t.Fatalf("%d wait at batch %d, not %d", want, i, b.waiting)
		}
		if i == 0 && want == 0 {
			t.Fatal("the log begins with a batch that nobody needs")
		}
		size += b.size
	}
	if r.log.idle != idling || r.log.bytes != size {
		t.Fatalf("the log counts %d idle and %d bytes, there are %d and %d", r.log.idle, r.log.bytes, idling, size)
	}
	if r.log.bytes > r.log.limit && r.log.len() > 1 {
		t.Fatalf("the log holds %d bytes", r.log.bytes)
	}
	for _, gone := range r.log.batches[:r.log.head] {
		if gone.update != nil || gone.frame != nil {
			t.Fatal("a dropped batch is kept")
		}
	}
	last := int64(0)
	for m := r.quiet.first; m != nil; m = m.newer {
		if !silent[m] || m.lastWrite < last || m.newer == nil && r.quiet.last != m {
			t.Fatalf("member %d should not be where it is in the list of silence", m.id)
		}
		delete(silent, m)
		last = m.lastWrite
	}
	if len(silent) > 0 {
		t.Fatalf("%d members are missing in the list of silence", len(silent))
	}
	for client, o := range r.owners.clients {
		if state, _, _ := r.states.State(client); state == nil {
			t.Fatalf("client %d has an owner and no state", client)
		}
		for _, m := range []*member{o.owner, o.writer} {
			if r.members[m.id] != m || !m.present {
				t.Fatalf("client %d belongs to member %d", client, m.id)
			}
		}
	}
	if len(r.owners.clients) != r.states.Len() {
		t.Fatalf("%d clients have an owner, %d a state", len(r.owners.clients), r.states.Len())
	}
}
