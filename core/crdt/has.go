package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Has reports whether the document has every unit and every delete of an update of
// format v1, so that Apply would change nothing. What waits is had in so far as
// applying the update again would not change it, so the answer may be false there.
// The error is a *lib0.Error about u.
func (d *Doc) Has(u []byte) (bool, error) {
	sections, u, deletes, err := update.Sections(u, d.sections[:0])
	d.sections = sections[:0]
	if err != nil {
		return false, err
	}
	for i := range sections {
		if s := &sections[i]; s.Next > d.state(d.clientOf(s.Client)) {
			return false, nil
		}
	}
	r := lib0.NewReader(u)
	r.Skip(deletes)
	for n := r.Uint("clients"); n > 0; n-- {
		client := r.Uint("client")
		for m := r.Uint("ranges"); m > 0; m-- {
			clock := r.Uint("clock")
			if !d.hasDeleted(client, clock, clock+r.Uint("length")) {
				return false, nil
			}
		}
	}
	return true, nil
}

// hasDeleted reports whether all units of a range are deleted, or will be.
func (d *Doc) hasDeleted(client, start, end uint64) bool {
	ci := d.clientOf(client)
	state := d.state(ci)
	if end > max(start, state) && !d.pending.deletes.Covers(client, max(start, state), end) {
		return false
	}
	for clock := start; clock < min(end, state); {
		h := d.blockOf(id{ci, clock})
		if !d.blocks[h].deleted() {
			return false
		}
		clock = d.end(h)
	}
	return true
}
