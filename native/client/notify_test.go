package client

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// taped is a notifier whose first callback waits until the tape is released.
type taped struct {
	notifier
	release chan struct{}
	tape    chan string
}

func newTaped() *taped {
	n := &taped{release: make(chan struct{}), tape: make(chan string, 1000)}
	n.opts = &Options{
		OnStatus: func(s Status, err error) {
			<-n.release
			n.tape <- fmt.Sprint(s, " ", err)
		},
		OnSynced:    func(is bool) { n.tape <- fmt.Sprint(is) },
		OnUpdate:    func(u []byte) { n.tape <- fmt.Sprintf("%d bytes", len(u)) },
		OnAwareness: func(c AwarenessChange) { n.tape <- fmt.Sprint(c) },
	}
	return n
}

// block makes the callbacks wait, and returns when they do.
func (n *taped) block() {
	n.push([]note{{kind: statusNote, status: Connecting}})
	for {
		n.mu.Lock()
		taken := len(n.queue) == 0
		n.mu.Unlock()
		if taken {
			return
		}
	}
}

func (n *taped) expect(t *testing.T, want ...string) {
	t.Helper()
	close(n.release)
	for _, w := range want {
		if got := <-n.tape; got != w {
			t.Errorf("got %q, want %q", got, w)
		}
	}
}

func typing(client, clock uint64, text string) note {
	u := coretest.Typing(client, clock, nil, text)
	return note{kind: updateNote, updates: [][]byte{u}, size: len(u)}
}

func TestNotesKeepTheirOrder(t *testing.T) {
	n := newTaped()
	n.block()
	n.push([]note{
		{kind: statusNote, status: Connected},
		typing(1, 0, "a"), typing(1, 1, "b"),
		{kind: syncedNote, synced: true},
		typing(1, 2, "c"),
		{kind: awarenessNote, change: AwarenessChange{Added: []uint64{1, 2}}},
	})
	n.push([]note{
		{kind: awarenessNote, change: AwarenessChange{Updated: []uint64{1}, Removed: []uint64{2}}},
		{kind: syncedNote},
		{kind: statusNote, err: errors.New("lost")},
	})
	both, err := update.Merge(coretest.Typing(1, 0, nil, "a"), coretest.Typing(1, 1, nil, "b"))
	if err != nil {
		t.Fatal(err)
	}
	one := coretest.Typing(1, 2, nil, "c")
	n.expect(t, "connecting <nil>", "connected <nil>", fmt.Sprintf("%d bytes", len(both)), "true",
		fmt.Sprintf("%d bytes", len(one)), "{[1] [] []}", "false", "disconnected lost")
}

// TestNotesAreBounded is about a callback that never returns, and a connection that
// comes and goes.
func TestNotesAreBounded(t *testing.T) {
	n := newTaped()
	n.block()
	big := string(make([]byte, 200<<10))
	for i := range 2_000 {
		u := typing(1, 0, big) // the same once more
		if i%10 > 0 {
			u = typing(uint64(2+i%7), uint64(i), "x")
		}
		n.push([]note{
			{kind: statusNote, status: Connecting},
			{kind: syncedNote, synced: true}, u,
			{kind: awarenessNote, change: AwarenessChange{Added: []uint64{uint64(i)}}},
			{kind: awarenessNote, change: AwarenessChange{Removed: []uint64{uint64(i)}}},
			{kind: syncedNote},
			{kind: statusNote, err: errors.New("the last")},
		})
		if len(n.queue) > maxNotes+4 {
			t.Fatalf("%d notes wait", len(n.queue))
		}
		held := 0
		for i := range n.queue {
			for _, u := range n.queue[i].updates {
				held += len(u)
			}
		}
		if held > 64*mergeSize {
			t.Fatalf("%d bytes wait", held)
		}
	}
	last := make(map[noteKind]note)
	for _, x := range n.queue {
		last[x.kind] = x
	}
	if x := last[statusNote]; x.status != Disconnected || x.err == nil {
		t.Errorf("the last status is %v", x.status)
	}
	if x := last[syncedNote]; x.synced {
		t.Error("the last sync is lost")
	}
	n.stop()
	close(n.release)
}

func TestNotesLoseNoUpdate(t *testing.T) {
	got := update.NewDoc()
	blocked, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	n := &notifier{opts: &Options{
		OnSynced: func(first bool) {
			if !first {
				close(done)
				return
			}
			close(blocked)
			<-release
		},
		OnUpdate: func(u []byte) {
			if _, err := got.Apply(u); err != nil {
				t.Error(err)
			}
		},
	}}
	n.push([]note{{kind: syncedNote, synced: true}})
	<-blocked
	want := update.NewDoc()
	for i := range uint64(3000) {
		x := typing(1+i%3, 1000*(i/3), string(make([]byte, 1000)))
		if _, err := want.Apply(x.updates[0]); err != nil {
			t.Fatal(err)
		}
		n.push([]note{x})
	}
	n.push([]note{{kind: syncedNote}})
	close(release)
	<-done
	same(t, "what was told", got, want)
}

func TestChangesMerge(t *testing.T) {
	type c = AwarenessChange
	one := []uint64{1}
	for _, tt := range []struct{ first, then, want c }{
		{c{Added: one}, c{Updated: one}, c{Added: one}},
		{c{Added: one}, c{Removed: one}, c{}},
		{c{Updated: one}, c{Updated: one}, c{Updated: one}},
		{c{Updated: one}, c{Removed: one}, c{Removed: one}},
		{c{Removed: one}, c{Added: one}, c{Updated: one}},
		{c{}, c{Added: one}, c{Added: one}},
		{c{}, c{Updated: one}, c{Updated: one}},
		{c{}, c{Removed: one}, c{Removed: one}},
		{c{Added: []uint64{1, 2, 3}}, c{Removed: []uint64{2}}, c{Added: []uint64{1, 3}}},
	} {
		got := c{append([]uint64{}, tt.first.Added...), append([]uint64{}, tt.first.Updated...), append([]uint64{}, tt.first.Removed...)}
		got.merge(&tt.then)
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%v, then %v: got %v, want %v", tt.first, tt.then, got, tt.want)
		}
	}
}
