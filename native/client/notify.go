package client

import (
	"slices"
	"sync"

	"github.com/weft-sync/weft/core/update"
)

// noteKind says which callback a note is for; the comments name the fields in use.
type noteKind uint8

const (
	statusNote     noteKind = iota // status, err
	syncedNote                     // synced
	updateNote                     // updates, size
	awarenessNote                  // change
	countsNote                     // counts
	rejectedNote                   // rejected
	permissionNote                 // permission, text
	epochNote                      // epoch
	progressNote                   // done, total
)

// note is something to tell the application.
type note struct {
	kind    noteKind
	status  Status
	synced  bool
	err     error
	updates [][]byte
	size    int // of updates, in bytes
	change  AwarenessChange

	counts      Counts
	rejected    []Rejection
	permission  Permission
	text        string
	epoch       []byte
	done, total uint64
}

const (
	// maxNotes is how many notes wait as they are. When there are more, a note
	// takes in the next one of its kind.
	maxNotes = 256
	// mergeSize is how many bytes of updates wait before they are merged, so that
	// what they have in common is held once.
	mergeSize = 1 << 20
)

// notifier calls the callbacks, from a goroutine that exists while there are notes.
type notifier struct {
	opts *Options

	mu      sync.Mutex
	queue   []note
	running bool
	stopped bool
}

// push queues notes, which are copied.
func (n *notifier) push(notes []note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return
	}
	for i := range notes {
		n.add(&notes[i])
	}
	if !n.running && len(n.queue) > 0 {
		n.running = true
		go n.run()
	}
}

func (n *notifier) add(x *note) {
	if !n.opts.wants(x.kind) {
		return
	}
	for i := len(n.queue) - 1; i >= 0; i-- {
		if last := &n.queue[i]; last.kind == x.kind {
			if i == len(n.queue)-1 && last.merges() || len(n.queue) >= maxNotes {
				last.merge(x)
				return
			}
			break
		}
	}
	n.queue = append(n.queue, *x)
}

func (n *notifier) run() {
	for {
		n.mu.Lock()
		if n.stopped || len(n.queue) == 0 {
			n.queue, n.running = nil, false
			n.mu.Unlock()
			return
		}
		x := n.queue[0]
		n.queue[0] = note{}
		n.queue = n.queue[1:]
		n.mu.Unlock()
		n.opts.call(&x)
	}
}

// stop drops what waits.
func (n *notifier) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped, n.queue = true, nil
}

// wants reports whether the application has a callback for a kind of note.
func (o *Options) wants(k noteKind) bool {
	switch k {
	case statusNote:
		return o.OnStatus != nil
	case syncedNote:
		return o.OnSynced != nil
	case updateNote:
		return o.OnUpdate != nil
	case awarenessNote:
		return o.OnAwareness != nil
	case countsNote:
		return o.OnCounts != nil
	case rejectedNote:
		return o.OnRejected != nil
	case permissionNote:
		return o.OnPermission != nil
	case epochNote:
		return o.OnEpoch != nil
	case progressNote:
		return o.OnProgress != nil
	}
	return false
}

func (o *Options) call(x *note) {
	switch x.kind {
	case statusNote:
		o.OnStatus(x.status, x.err)
	case syncedNote:
		o.OnSynced(x.synced)
	case updateNote:
		if x.pack(); len(x.updates) == 1 {
			o.OnUpdate(x.updates[0])
		}
	case awarenessNote:
		if !x.change.empty() {
			o.OnAwareness(x.change)
		}
	case countsNote:
		o.OnCounts(x.counts)
	case rejectedNote:
		for _, r := range x.rejected {
			o.OnRejected(r)
		}
	case permissionNote:
		o.OnPermission(x.permission, x.text)
	case epochNote:
		o.OnEpoch(x.epoch)
	case progressNote:
		o.OnProgress(x.done, x.total)
	}
}

// merges reports whether a note and the next one are as good as one of both.
func (x *note) merges() bool {
	return x.kind == updateNote || x.kind == awarenessNote || x.kind == countsNote || x.kind == progressNote
}

// merge takes in a later note of the same kind.
func (x *note) merge(y *note) {
	switch x.kind {
	case updateNote:
		x.updates = append(x.updates, y.updates...)
		x.size += y.size
		// Merging doubles what is waited for, so a byte is merged O(log n) times.
		if first := len(x.updates[0]); x.size > max(mergeSize, 2*first) {
			x.pack()
		}
	case awarenessNote:
		x.change.merge(&y.change)
	case rejectedNote:
		// Of very many the newest are told.
		x.rejected = append(x.rejected, y.rejected...)
		if n := len(x.rejected) - maxNotes; n > 0 {
			x.rejected = append([]Rejection(nil), x.rejected[n:]...)
		}
	default:
		*x = *y
	}
}

// pack makes one update of several.
func (x *note) pack() {
	if len(x.updates) < 2 {
		return
	}
	// They are well formed, the machine has seen to that.
	if merged, err := update.Merge(x.updates...); err == nil {
		x.updates, x.size = [][]byte{merged}, len(merged)
	}
}

// merge takes in a later change.
func (c *AwarenessChange) merge(d *AwarenessChange) {
	for _, client := range d.Added {
		if take(&c.Removed, client) {
			c.Updated = append(c.Updated, client)
		} else {
			c.Added = append(c.Added, client)
		}
	}
	for _, client := range d.Updated {
		if !slices.Contains(c.Added, client) && !slices.Contains(c.Updated, client) {
			c.Updated = append(c.Updated, client)
		}
	}
	for _, client := range d.Removed {
		if !take(&c.Added, client) {
			take(&c.Updated, client)
			c.Removed = append(c.Removed, client)
		}
	}
}

// take removes a client from a list, and reports whether it was there.
func take(list *[]uint64, client uint64) bool {
	i := slices.Index(*list, client)
	if i < 0 {
		return false
	}
	*list = slices.Delete(*list, i, i+1)
	return true
}
