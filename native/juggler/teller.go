package juggler

import (
	"encoding/json"
	"sync"
)

// teller calls a client's callbacks, one at a time and in order, from a goroutine
// that exists while there is something to tell. So a callback may send requests, whose
// answers the reader must read meanwhile.
type teller struct {
	opts *ClientOptions

	mu    sync.Mutex
	notes []note
	bytes int
	busy  bool
}

// note is one call: of OnState if name and data are not set.
type note struct {
	state Snapshot
	name  string
	data  json.RawMessage // nil: a state
}

func (n *note) size() int { return 64 + len(n.name) + len(n.data) }

// state has OnState called, unless the last call that waits is one: then that one
// tells the new state.
func (t *teller) state(s Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := len(t.notes) - 1; last >= 0 && t.notes[last].data == nil {
		t.notes[last].state = s
		return
	}
	t.add(note{state: s})
}

// notify has OnNotify called; false if too much waits already.
func (t *teller) notify(name string, data json.RawMessage) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bytes > t.opts.QueueLimit {
		return false
	}
	t.add(note{name: name, data: data})
	return true
}

func (t *teller) add(n note) {
	t.notes = append(t.notes, n)
	t.bytes += n.size()
	if !t.busy {
		t.busy = true
		go t.run()
	}
}

func (t *teller) run() {
	for {
		t.mu.Lock()
		if len(t.notes) == 0 {
			t.notes = nil
			t.busy = false
			t.mu.Unlock()
			return
		}
		n := t.notes[0]
		t.notes[0] = note{}
		t.notes = t.notes[1:]
		t.bytes -= n.size()
		t.mu.Unlock()
		if n.data == nil {
			t.opts.OnState(n.state)
		} else {
			t.opts.OnNotify(n.name, n.data)
		}
	}
}
