package room

import (
	"math/rand/v2"
	"testing"
)

// TestConvergence has people edit over slow connections that break, with queues
// so short that they are replaced all the time, and checks that in the end
// everybody, and the store, has everything.
func TestConvergence(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	replaced := uint64(0)
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, 2+rng.IntN(5), 1+rng.IntN(400), rng.IntN)
		for range 600 {
			w.step()
		}
		w.settle()
		replaced += w.room.Stats().Replaced
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if replaced < 10*seeds {
		t.Errorf("only %d queues were replaced: the test does not test it", replaced)
	}
}

// TestConvergenceWithGarbage is the same with a member that sends anything.
func TestConvergenceWithGarbage(t *testing.T) {
	for seed := range uint64(15) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t, 3, 300, rng.IntN)
		for range 400 {
			w.step()
			w.garbage(w.people[0], w.randomFrame(func(n int) []byte {
				b := make([]byte, n)
				for i := range b {
					b[i] = byte(rng.IntN(8) * rng.IntN(40))
				}
				return b
			}))
			checkInvariants(t, w.room)
		}
	}
}

// TestNeverReads has one member that does not read while others write a lot. It
// costs no more than the limit, and has everything when it reads again.
func TestNeverReads(t *testing.T) {
	const limit = 4 << 10
	rng := rand.New(rand.NewPCG(7, 7))
	w := newWorld(t, 3, limit, rng.IntN)
	w.settle()
	stuck := w.people[0]
	w.move(stuck)
	w.round() // its socket is busy from here on
	if !stuck.writing {
		t.Fatal("nothing was sent")
	}
	for i := range 5000 {
		w.edit(w.people[1+i%2])
		if i%50 == 0 {
			w.edit(stuck) // it does write
		}
		w.round()
		for _, p := range w.people[1:] {
			w.written(p)
			w.read(p, len(p.inbox))
		}
		if n := w.room.Stats().QueueBytes; n > limit {
			t.Fatalf("%d bytes are kept", n)
		}
	}
	s := w.room.Stats()
	if s.Replaced != 1 || s.Diffs != 0 {
		t.Errorf("%d queues were dropped and %d diffs made while it did not read", s.Replaced, s.Diffs)
	}
	taken := s.SentSize
	w.written(stuck)
	w.round()
	if n := w.room.Stats().SentSize - taken; n > uint64(w.doc.Size()) {
		t.Errorf("it is sent %d bytes, the document has %d", n, w.doc.Size())
	}
	w.checkNoEcho(stuck, stuck.socket)
	w.settle()
	if n := w.room.Stats().Diffs; n != 1 {
		t.Errorf("%d diffs were made for it", n)
	}
}
