package room

import (
	"slices"
	"testing"
)

func TestOwners(t *testing.T) {
	a, b, c := &member{id: 1}, &member{id: 2}, &member{id: 3}
	var o owners
	if got := o.left(a); got != nil {
		t.Errorf("left %v", got)
	}

	o.wrote(7, a)
	o.wrote(3, a)
	o.wrote(5, b)
	o.wrote(7, b) // the same client on a new connection, or a forgery
	if got := o.left(a); !slices.Equal(got, []uint64{3}) {
		t.Errorf("a took %v along", got)
	}
	o.wrote(5, c)
	o.wrote(7, c)
	o.removed(5)
	if got := o.left(c); got != nil {
		t.Errorf("c wrote last, but b is still there: %v", got)
	}
	o.wrote(9, b)
	if got := o.left(b); !slices.Equal(got, []uint64{7, 9}) {
		t.Errorf("b took %v along", got)
	}
	if len(o.clients) != 0 {
		t.Errorf("left: %v", o.clients)
	}
}
