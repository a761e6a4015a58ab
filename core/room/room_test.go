package room

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

func TestUsage(t *testing.T) {
	frame := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: insert(1, 0, "a")})
	for name, misuse := range map[string]func(r *Room){
		"New without a document": func(*Room) { New(Config{}) },
		"Join twice":             func(r *Room) { r.Join(0, 1) },
		"Ready before Append":    func(r *Room) { r.HandleFrame(0, 1, frame); r.Ready() },
		"Take before Append":     func(r *Room) { r.HandleFrame(0, 1, frame); r.Take(1, nil) },
		"HandleStored too far":   func(r *Room) { r.HandleStored(1) },
	} {
		func() {
			r := New(Config{Doc: update.NewDoc()})
			r.Join(0, 1)
			defer func() {
				if _, ok := recover().(codec.UsageError); !ok {
					t.Errorf("%s: no UsageError", name)
				}
			}()
			misuse(r)
		}()
	}
}

func TestEventsOfNobody(t *testing.T) {
	r := New(Config{Doc: update.NewDoc()})
	if err := r.HandleFrame(0, 7, []byte{0xff}); err != nil {
		t.Error(err)
	}
	r.HandleWritten(0, 7)
	r.Leave(0, 7)
	if got := r.Take(7, nil); got != nil {
		t.Errorf("took %x", got)
	}
	if r.Members() != 0 || r.NextWake() != math.MaxInt64 || r.Stats() != (Stats{}) {
		t.Errorf("%+v", r.Stats())
	}
	// Written without a write does nothing either.
	r.Join(0, 1)
	r.HandleWritten(0, 1)
	if len(r.Ready()) != 0 || r.NextWake() != math.MaxInt64 {
		t.Error("a silent member was written to")
	}
}

// TestFramesAreShared checks that members who are sent the same are given the
// same bytes, and that a single update is passed on in the frame it came in.
func TestFramesAreShared(t *testing.T) {
	x := newBench(t, 4, update.NewDoc())
	typed := x.typed(0)
	if err := x.room.HandleFrame(0, 1, typed); err != nil {
		t.Fatal(err)
	}
	x.room.Append()
	for _, m := range x.room.Ready() {
		if got := x.room.Take(m, nil); len(got) != 1 || &got[0][0] != &typed[0] {
			t.Errorf("member %d has a copy", m)
		}
		x.room.HandleWritten(0, m)
	}
	// Two writers: those who wrote nothing share, and share what gathers.
	x.room.HandleFrame(0, 1, x.typed(0))
	x.room.HandleFrame(0, 2, x.typed(1))
	x.room.Append()
	three, four := x.room.Take(3, nil), x.room.Take(4, nil)
	if &three[0][0] != &four[0][0] {
		t.Error("the merged frame is not shared")
	}
	for i := range 3 {
		x.room.HandleFrame(0, 1, x.typed(0))
		x.room.HandleFrame(0, 2, x.typed(i%2))
		x.room.Append()
	}
	x.room.HandleWritten(0, 3)
	x.room.HandleWritten(0, 4)
	three, four = x.room.Take(3, nil), x.room.Take(4, nil)
	if &three[0][0] != &four[0][0] {
		t.Error("the frame of several batches is not shared")
	}
	checkInvariants(t, x.room)

	// A frame that is padded is not passed on as it is.
	u := insert(99, 0, "x")
	padded := append([]byte{0x80, 0, 2, byte(len(u))}, u...)
	if err := x.room.HandleFrame(0, 1, padded); err != nil {
		t.Fatal(err)
	}
	x.room.Append()
	want := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: u})
	x.room.HandleWritten(0, 4)
	if got := x.room.Take(4, nil); len(got) != 1 || !bytes.Equal(got[0], want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// unmergeable is a document that takes everything, valid or not, as if it were
// new. It stands for updates that are too large to be merged.
type unmergeable struct{ *update.Doc }

func (u unmergeable) Apply([]byte) (bool, error) { return true, nil }
func (u unmergeable) Encode() []byte             { return []byte("whole") }

func TestMergeFails(t *testing.T) {
	r := New(Config{Doc: unmergeable{update.NewDoc()}})
	bad := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: []byte("no update")})
	step1 := codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
	for m := Member(1); m <= 2; m++ {
		r.Join(0, m)
		r.HandleFrame(0, m, step1)
	}
	r.Append()
	r.Take(1, nil)
	r.Take(2, nil)

	// Within a batch: the document stands for it.
	r.HandleFrame(0, 1, bad)
	r.HandleFrame(0, 1, bad)
	if u, seq, ok := r.Append(); !ok || seq != 1 || string(u) != "whole" {
		t.Errorf("append %q, %d, %v", u, seq, ok)
	}
	// Over several batches: a diff stands for the queue.
	r.HandleFrame(0, 1, bad)
	r.Append()
	r.HandleWritten(0, 2)
	if got := r.Take(2, nil); len(got) != 0 {
		t.Errorf("an empty diff was sent: %x", got)
	}
	if s := r.Stats(); s.Replaced != 1 {
		t.Errorf("%+v", s)
	}
	checkInvariants(t, r)
}

// full is a document that takes nothing more.
type full struct{ *update.Doc }

func (full) Apply([]byte) (bool, error) {
	return false, &lib0.Error{Field: "update", Reason: lib0.TooLarge}
}

func TestDocumentFull(t *testing.T) {
	r := New(Config{Doc: full{update.NewDoc()}})
	r.Join(0, 1)
	err := r.HandleFrame(0, 1, codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: insert(1, 0, "a")}))
	if pe, ok := errors.AsType[*codec.PeerError](err); !ok || pe.Code != codec.LimitExceeded {
		t.Error(err)
	}
}

// TestManyJoinAtOnce checks that clients who come back with the same state
// vector share one answer, which is not kept longer than the round.
func TestManyJoinAtOnce(t *testing.T) {
	doc := update.NewDoc()
	doc.Apply(insert(1, 0, "text"))
	r := New(Config{Doc: doc})
	step1 := codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: vector(1, 2)})
	for m := Member(1); m <= 20; m++ {
		r.Join(0, m)
		if err := r.HandleFrame(0, m, bytes.Clone(step1)); err != nil {
			t.Fatal(err)
		}
	}
	r.Append()
	var first [][]byte
	for _, m := range r.Ready() {
		frames := r.Take(m, nil)
		if first == nil {
			first = frames
		}
		if len(frames) != 2 || &frames[0][0] != &first[0][0] || &frames[1][0] != &first[1][0] {
			t.Fatalf("member %d has a copy", m)
		}
	}
	if len(r.shared.diffs) != 0 || r.shared.step1 != nil {
		t.Error("the answer is kept")
	}
}

// TestBroadcastAllocs checks that what a batch allocates does not depend on how
// many members are sent it.
func TestBroadcastAllocs(t *testing.T) {
	perBatch := func(members int) float64 {
		x := newBench(t, members, update.NewDoc())
		for range 3000 { // past the first merges of the document
			x.room.HandleFrame(0, 1, x.typed(0))
			x.round()
		}
		return testing.AllocsPerRun(200, func() {
			x.room.HandleFrame(0, 1, x.typed(0))
			x.round()
		})
	}
	few, many := perBatch(2), perBatch(200)
	if many > few+1 {
		t.Errorf("%v allocations for 2 members, %v for 200", few, many)
	}
}

// TestMemberMemory measures what an idle member costs.
func TestMemberMemory(t *testing.T) {
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	const members = 10_000
	before := heap()
	x := newBench(t, members, update.NewDoc())
	x.room.HandleFrame(0, 1, x.typed(0))
	x.round()
	after := heap()
	x.members = nil
	perMember := float64(after-before) / members
	t.Logf("%.0f bytes a member", perMember)
	if perMember > 300 {
		t.Errorf("an idle member costs %.0f bytes", perMember)
	}
	runtime.KeepAlive(x)
}
