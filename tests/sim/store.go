package sim

import (
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// store is a model of the real one: appends become durable in order, some time
// later, several at once; a kill forgets the others; compaction replaces the log.
type store struct {
	world *coretest.World
	rand  *coretest.Rand
	docs  map[string]*stored
	life  int // counts kills
}

// stored is one document.
type stored struct {
	durable [][]byte
	pending []pending
	busy    bool // a commit is under way

	// What the rooms' host was told is durable: must never be missing again.
	structs, deletes update.IDSet
}

type pending struct {
	update  []byte
	durable func()
}

func newStore(w *coretest.World) *store {
	return &store{world: w, rand: w.Rand.Fork(), docs: map[string]*stored{}}
}

func (s *store) doc(name string) *stored {
	d := s.docs[name]
	if d == nil {
		d = &stored{}
		s.docs[name] = d
	}
	return d
}

// Load implements coretest.Store.
func (s *store) Load(name string) [][]byte { return s.doc(name).durable }

// Append implements coretest.Store.
func (s *store) Append(name string, u []byte, durable func()) {
	d := s.doc(name)
	d.pending = append(d.pending, pending{append([]byte(nil), u...), durable})
	if !d.busy {
		s.commit(d)
	}
}

// commit makes everything that waits durable, after a while.
func (s *store) commit(d *stored) {
	d.busy = true
	batch, life := d.pending, s.life
	d.pending = nil
	s.world.After(s.rand.Between(1, 60), func() {
		if s.life != life {
			return // killed meanwhile
		}
		for _, p := range batch {
			d.durable = append(d.durable, p.update)
			structs, deletes, err := update.Contents(p.update)
			if err != nil {
				s.world.Problem("store", err.Error())
			}
			d.structs.Merge(structs)
			d.deletes.Merge(deletes)
			p.durable()
		}
		if len(d.durable) > 20 {
			s.compact(d)
		}
		if d.busy = len(d.pending) > 0; d.busy {
			s.commit(d)
		}
	})
}

// compact replaces what is durable by one update, after looking that it is all there.
func (s *store) compact(d *stored) {
	all, err := update.Merge(d.durable...)
	if err != nil {
		s.world.Problem("store", "merging what is stored: "+err.Error())
		return
	}
	d.durable = [][]byte{all}
	s.verify(d)
}

// whole returns all that is durable of a document as one update.
func (s *store) whole(name string) []byte {
	d := update.NewDoc()
	for _, u := range s.Load(name) {
		if _, err := d.Apply(u); err != nil {
			s.world.Problem("store", "what is stored cannot be loaded: "+err.Error())
		}
	}
	return d.Encode()
}

// kill forgets what is not durable.
func (s *store) kill() {
	s.life++
	for _, d := range s.docs {
		d.pending, d.busy = nil, false
	}
}

// verify looks that everything that was reported durable is there.
func (s *store) verify(d *stored) {
	var structs, deletes update.IDSet
	for _, u := range d.durable {
		a, b, err := update.Contents(u)
		if err != nil {
			s.world.Problem("store", "what is stored cannot be read: "+err.Error())
		}
		structs.Merge(a)
		deletes.Merge(b)
	}
	if !structs.Equal(d.structs) || !deletes.Equal(d.deletes) {
		s.world.Problem("store", "what was reported stored is not there")
	}
}
