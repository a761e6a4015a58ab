package sim

import (
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
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
	epoch   []byte // random; of this history once something is durable
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
		d = &stored{epoch: s.newEpoch()}
		s.docs[name] = d
	}
	return d
}

// Load implements coretest.Store.
func (s *store) Load(name string) [][]byte { return s.doc(name).durable }

// newEpoch makes an epoch.
func (s *store) newEpoch() []byte { return lib0.AppendUint(nil, s.rand.Uint64()>>12) }

// Epoch implements coretest.Store.
func (s *store) Epoch(name string) (id []byte, stored bool) {
	d := s.doc(name)
	return d.epoch, len(d.durable) > 0
}

// Holds implements coretest.Store.
func (s *store) Holds(name string, u []byte) bool {
	d := s.doc(name)
	structs, deletes, err := update.Contents(u)
	return err == nil && covers(&d.structs, &structs) && covers(&d.deletes, &deletes)
}

func covers(all, part *update.IDSet) bool {
	for client, r := range part.All() {
		if !all.Covers(client, r.Start, r.End) {
			return false
		}
	}
	return true
}

// wipe forgets a document altogether.
func (s *store) wipe(name string) { delete(s.docs, name) }

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
		if len(d.durable) == 0 {
			d.epoch = s.newEpoch() // the other one was never stored
		}
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
