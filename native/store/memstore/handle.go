package memstore

import (
	"bytes"
	"context"

	"github.com/weft-sync/weft/native/store"
)

// doc is an open document.
type doc struct {
	store      *Store
	name       string
	epoch      store.Epoch
	compacting chan struct{} // holds a value while somebody compacts or closes

	// Under store.mu.
	closed  bool
	parts   [][]byte
	entries int
	bytes   int64
}

// Parts is described in package store.
func (d *doc) Parts() [][]byte {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	parts := d.parts
	d.parts = nil
	return parts
}

// Epoch is described in package store.
func (d *doc) Epoch() store.Epoch { return d.epoch }

// Append is described in package store.
func (d *doc) Append(update []byte, done func(error)) {
	s := d.store
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(update) > 0 && !d.closed && !s.closing:
		s.put(task{doc: d, update: update, done: done})
		d.entries++
		d.bytes += int64(len(update))
	case done == nil:
	case len(update) == 0:
		go done(store.ErrEmpty) // not from within Append, as promised
	default:
		go done(store.ErrClosed)
	}
}

// LogSize is described in package store.
func (d *doc) LogSize() (entries int, bytes int64) {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	return d.entries, d.bytes
}

// begin waits until everything appended before is stored, and keeps out others
// who would compact or close. The caller must call d.end if there is no error.
func (d *doc) begin(ctx context.Context, closing bool) error {
	select {
	case d.compacting <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	s := d.store
	s.mu.Lock()
	if d.closed || s.closing {
		s.mu.Unlock()
		d.end()
		return store.ErrClosed
	}
	d.closed = closing
	stored := make(chan struct{})
	s.put(task{call: func() { close(stored) }})
	s.mu.Unlock()
	<-stored
	return nil
}

func (d *doc) end() { <-d.compacting }

// Compact is described in package store.
func (d *doc) Compact(ctx context.Context, snapshot []byte) error {
	if err := d.begin(ctx, false); err != nil {
		return err
	}
	defer d.end()
	m := d.store.memory
	m.mu.Lock()
	c := m.docs[d.name]
	var parts [][]byte
	if c != nil {
		parts = c.parts()
	}
	m.mu.Unlock()
	n, err := store.Replaces(parts, snapshot)
	if err != nil || c == nil {
		return err
	}

	m.mu.Lock()
	entries := n // of the log
	if c.snapshot != nil {
		entries--
	}
	var size int64
	for _, u := range c.log[:entries] {
		size += int64(len(u))
	}
	// A new list, so that the old one does not keep what is gone.
	c.log = append([][]byte(nil), c.log[entries:]...)
	c.snapshot = bytes.Clone(snapshot)
	m.mu.Unlock()

	d.store.mu.Lock()
	d.entries -= entries
	d.bytes -= size
	d.store.mu.Unlock()
	return nil
}

// Close is described in package store.
func (d *doc) Close() error {
	if err := d.begin(context.Background(), true); err != nil {
		return err
	}
	defer d.end()
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	delete(d.store.open, d.name)
	return nil
}
