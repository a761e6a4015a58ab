// Package memstore is a store.Store that keeps everything in memory: for tests,
// and for servers whose documents need not outlive them.
//
// It keeps the contract in all but durability: what is "saved" is gone with the
// process. A [Memory] plays the disk, so that a test can close a store and open
// another one on what the first has left:
//
//	var disk memstore.Memory
//	st := disk.Open()
//	...
//	st.Close()
//	st = disk.Open()
//
// There is no bound on its size.
package memstore

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/weft-sync/weft/native/store"
)

// Memory holds what stores have stored. The zero value is empty. At most one
// store may be open on it at a time.
type Memory struct {
	mu   sync.Mutex
	docs map[string]*content
}

// content is a stored document. Its slices are never changed, only replaced.
type content struct {
	epoch    store.Epoch
	snapshot []byte
	log      [][]byte
}

func (c *content) parts() [][]byte {
	if c.snapshot == nil {
		return slices.Clone(c.log)
	}
	return slices.Concat([][]byte{c.snapshot}, c.log)
}

// New returns a store with a memory of its own.
func New() *Store { return new(Memory).Open() }

// Open returns a store on the memory. It runs one goroutine until it is closed.
func (m *Memory) Open() *Store {
	s := &Store{memory: m, open: make(map[string]*doc), ended: make(chan struct{})}
	s.more.L = &s.mu
	go s.run()
	return s
}

// Store is a store.Store in memory.
type Store struct {
	memory *Memory

	mu      sync.Mutex
	open    map[string]*doc
	queue   []task
	more    sync.Cond // the queue is not empty, or closing is set
	closing bool
	ended   chan struct{}
}

var _ store.Store = (*Store)(nil)

// task is an update to store, or, without a document, a function to call between
// two updates.
type task struct {
	doc    *doc
	update []byte
	done   func(error)
	call   func()
}

// run carries out the queue until the store is closed and the queue is empty.
func (s *Store) run() {
	defer close(s.ended)
	var batch []task
	for {
		s.mu.Lock()
		for len(s.queue) == 0 {
			if s.closing {
				s.mu.Unlock()
				return
			}
			s.more.Wait()
		}
		batch, s.queue = s.queue, batch[:0]
		s.mu.Unlock()
		for _, t := range batch {
			if t.call != nil {
				t.call()
				continue
			}
			s.memory.append(t.doc.name, t.doc.epoch, t.update)
			if t.done != nil {
				t.done(nil)
			}
		}
		clear(batch)
	}
}

func (m *Memory) append(name string, epoch store.Epoch, update []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.docs[name]
	if c == nil {
		if m.docs == nil {
			m.docs = make(map[string]*content)
		}
		c = &content{epoch: epoch}
		m.docs[name] = c
	}
	c.log = append(c.log, bytes.Clone(update)) // the slice is the caller's again after done
}

// put adds a task. The caller holds s.mu.
func (s *Store) put(t task) {
	s.queue = append(s.queue, t)
	s.more.Signal()
}

// Open is described in package store.
func (s *Store) Open(ctx context.Context, name string) (store.Doc, error) {
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, store.ErrClosed
	}
	if s.open[name] != nil {
		return nil, store.ErrInUse
	}
	d := &doc{store: s, name: name, epoch: store.NewEpoch(), compacting: make(chan struct{}, 1)}
	s.memory.mu.Lock()
	if c := s.memory.docs[name]; c != nil {
		d.epoch = c.epoch
		d.parts = c.parts()
		for i, p := range d.parts {
			d.parts[i] = bytes.Clone(p) // the caller may do with it as it likes
		}
		d.entries = len(c.log)
		for _, u := range c.log {
			d.bytes += int64(len(u))
		}
	}
	s.memory.mu.Unlock()
	s.open[name] = d
	return d, nil
}

// List is described in package store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]store.Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, store.ErrClosed
	}
	if limit < 1 {
		limit = 1000
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	var names []string
	for name := range s.memory.docs {
		if name > after {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = names[:min(limit, len(names))]
	infos := make([]store.Info, len(names))
	for i, name := range names {
		infos[i] = store.Info{Name: name, SnapshotBytes: int64(len(s.memory.docs[name].snapshot))}
	}
	return infos, nil
}

// Delete is described in package store.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return store.ErrClosed
	}
	if s.open[name] != nil {
		return store.ErrInUse
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	delete(s.memory.docs, name)
	return nil
}

// Close is described in package store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.closing = true
	s.more.Signal()
	s.mu.Unlock()
	<-s.ended
	return nil
}
