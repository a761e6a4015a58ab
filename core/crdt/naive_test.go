package crdt_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// naive is a document as the description of YATA has it, unit by unit, with nothing
// that makes it fast: each list is a slice in which every unit has its place, deleted
// ones too. A key of a map is a list of which the last unit is the value.
//
// Source: Nicolaescu, Jahns, Derntl, Klamma: Near Real-Time Peer-to-Peer Shared
// Editing on Extensible Data Types, 2016.
type naive struct {
	units   map[update.ID]*unit
	lists   map[string][]*unit // by parent and key
	next    map[uint64]uint64  // by client: the clock that comes next
	waiting []*unit
	deletes []update.DeleteRange
}

// unit is one character or value.
type unit struct {
	id, origin, right   update.ID
	hasOrigin, hasRight bool
	list                string // where the update says it; else where its neighbours are
	deleted             bool
	value               string
	kind                update.Kind
}

func newNaive() *naive {
	return &naive{units: map[update.ID]*unit{}, lists: map[string][]*unit{}, next: map[uint64]uint64{}}
}

// apply takes an update of a document that collects nothing.
func (n *naive) apply(u []byte) error {
	structs, deletes, err := update.Inspect(u)
	if err != nil {
		return err
	}
	for s := range structs {
		if s.Kind == update.KindSkip {
			continue
		}
		if s.Kind == update.KindGC {
			return fmt.Errorf("the model collects nothing, and gets %v", s.ID)
		}
		n.waiting = append(n.waiting, split(s)...)
	}
	for d := range deletes {
		n.deletes = append(n.deletes, d)
	}
	for n.integrateOne() {
	}
	for _, d := range n.deletes { // again and again: what they mean may have come now
		for clock := d.Clock; clock < d.Clock+d.Len; clock++ {
			if u := n.units[update.ID{Client: d.Client, Clock: clock}]; u != nil {
				u.deleted = true
			}
		}
	}
	return nil
}

// split returns the units of a struct: each comes right after the one before.
func split(s update.Struct) (list []*unit) {
	values := valuesOf(s)
	for i := range s.Len {
		u := &unit{
			id:     update.ID{Client: s.Client, Clock: s.Clock + i},
			origin: s.Place.Origin, hasOrigin: s.Place.HasOrigin,
			right: s.Place.RightOrigin, hasRight: s.Place.HasRightOrigin,
			kind: s.Kind, value: values[i], deleted: s.Kind == update.KindDeleted,
		}
		if s.Place.HasParent {
			u.list = fmt.Sprintf("%s/%d:%d/%s", s.Place.ParentName, s.Place.ParentID.Client, s.Place.ParentID.Clock, s.Place.ParentSub)
		}
		if i > 0 {
			u.origin, u.hasOrigin, u.list = update.ID{Client: s.Client, Clock: s.Clock + i - 1}, true, ""
		}
		list = append(list, u)
	}
	return list
}

func valuesOf(s update.Struct) (list []string) {
	r := lib0.NewReader(s.Content)
	switch s.Kind {
	case update.KindString:
		for _, c := range string(r.Bytes("text")) {
			list = append(list, string(c)) // of 16 bits, in these tests
		}
	case update.KindAny:
		for range r.Uint("count") {
			at := r.Offset()
			r.SkipAny("value")
			list = append(list, string(s.Content[at:r.Offset()]))
		}
	default:
		for range s.Len {
			list = append(list, string(s.Content))
		}
	}
	return list
}

// integrateOne integrates one of the waiting units that has all it needs, and
// reports whether there was one.
func (n *naive) integrateOne() bool {
	for i, u := range n.waiting {
		has := func(id update.ID, needed bool) bool { return !needed || n.units[id] != nil }
		switch {
		case u.id.Clock < n.next[u.id.Client]: // known
		case u.id.Clock > n.next[u.id.Client] || !has(u.origin, u.hasOrigin) || !has(u.right, u.hasRight):
			continue
		default:
			n.integrate(u)
		}
		n.waiting = slices.Delete(n.waiting, i, i+1)
		return true
	}
	return false
}

// integrate puts a unit between its origins. Of others there, those stay on its left
// whose origin is left of its own, or the same and whose client has the lower id; and
// with a unit those that have it as their origin.
func (n *naive) integrate(u *unit) {
	switch {
	case u.list != "":
	case u.hasOrigin:
		u.list = n.units[u.origin].list
	default:
		u.list = n.units[u.right].list
	}
	list := n.lists[u.list]
	find := func(id update.ID, is bool, otherwise int) int {
		if !is {
			return otherwise
		}
		return slices.IndexFunc(list, func(o *unit) bool { return o.id == id })
	}
	origin := find(u.origin, u.hasOrigin, -1)
	end := find(u.right, u.hasRight, len(list))
	at := origin + 1
	for i := origin + 1; i < end; i++ {
		o := list[i]
		theirs := find(o.origin, o.hasOrigin, -1)
		switch {
		case theirs < origin: // it and all that follows belongs to what is left of our origin
			i = end
		case theirs == origin:
			if o.id.Client < u.id.Client {
				at = i + 1
			} else if o.hasRight == u.hasRight && o.right == u.right {
				i = end
			}
		case theirs < at: // its origin goes on our left, and it with it
			at = i + 1
		}
	}
	n.lists[u.list] = slices.Insert(list, at, u)
	n.units[u.id] = u
	n.next[u.id.Client]++
}

// text returns what is visible of a root's sequence.
func (n *naive) text(root string) string {
	var b strings.Builder
	for _, u := range n.lists[root+"/0:0/"] {
		if !u.deleted && u.kind == update.KindString {
			b.WriteString(u.value)
		}
	}
	return b.String()
}

// values returns the visible values of a root's sequence, encoded.
func (n *naive) values(root string) (list []string) {
	for _, u := range n.lists[root+"/0:0/"] {
		if !u.deleted {
			list = append(list, u.value)
		}
	}
	return list
}

// get returns the value of a key of a root, encoded, and whether there is one.
func (n *naive) get(root, key string) (string, bool) {
	list := n.lists[root+"/0:0/"+key]
	if len(list) == 0 || list[len(list)-1].deleted {
		return "", false
	}
	return list[len(list)-1].value, true
}
