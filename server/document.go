package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/crdt"
)

// A DocumentError says why a document cannot be used in this process. Code is the
// close code that a connection to it would get: codec.Quarantined when it cannot be
// loaded, codec.Restart when the server is stopping, codec.Internal after a fault,
// codec.Forbidden when it is in [ModeBroadcast], so that there is none.
type DocumentError struct {
	Name string
	Code codec.CloseCode
}

func (e *DocumentError) Error() string {
	return fmt.Sprintf("server: document %q cannot be used: %v", e.Name, e.Code)
}

// Document is a document that the program itself reads and edits, beside the
// connections to it. It stays in memory until Close. Its methods may be called from
// any goroutine; the functions they are given run in the goroutine of the document,
// one at a time, and hold up everybody who is connected to it.
type Document struct {
	host  *roomHost
	close sync.Once
}

// Open returns a document, which is loaded if it is not in memory. The error is a
// *[NameError], a *[DocumentError], or the context's.
//
// Who opens a document in this process is not asked to authorize.
func (s *Server) Open(ctx context.Context, name string) (*Document, error) {
	if err := s.cfg.Names.Check(name); err != nil {
		return nil, err
	}
	h, err := s.hold(name)
	if err != nil {
		return nil, err
	}
	d := &Document{host: h}
	if err := d.View(ctx, func(*crdt.Doc) error { return nil }); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// hold counts the program among those who want a room.
func (s *Server) hold(name string) (*roomHost, error) {
	if s.cfg.modeOf(name) == ModeBroadcast {
		return nil, &DocumentError{name, codec.Forbidden}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil, &DocumentError{name, codec.Restart}
	}
	if q, ok := s.quarantined[name]; ok && s.clock.Now() < q.until {
		return nil, &DocumentError{name, codec.Quarantined}
	}
	h := s.rooms[name]
	if h == nil {
		h = newRoomHost(s, name)
		s.rooms[name] = h
		s.hosts.Go(h.run)
	}
	h.refs++
	return h, nil
}

// Name returns the document's name.
func (d *Document) Name() string { return d.host.name }

// Close lets the server unload the document when nobody else needs it.
func (d *Document) Close() {
	d.close.Do(func() {
		d.host.srv.mu.Lock()
		d.host.refs--
		d.host.srv.mu.Unlock()
	})
}

// View calls fn with the document. fn may read, add observers and make transactions;
// what it or they change is stored and sent to everybody who is connected. Nothing of
// the document may be used after fn has returned, except by observers.
//
// After a fault in the document's goroutine the document is loaded anew: fn then
// gets another *crdt.Doc, and observers have to be added again.
//
// The error is fn's, a *[DocumentError], or the context's, after which fn may still
// be called. A panic of fn is the caller's.
func (d *Document) View(ctx context.Context, fn func(*crdt.Doc) error) error {
	return d.host.do(ctx, func(int64) error {
		d.host.watch()
		return fn(d.host.doc)
	})
}

// Transact calls fn in one transaction of the document; see [Document.View].
func (d *Document) Transact(ctx context.Context, fn func(*crdt.Txn) error, options ...crdt.TxnOption) error {
	return d.View(ctx, func(doc *crdt.Doc) error { return doc.Transact(fn, options...) })
}

// call is a function on its way to the goroutine of a document.
type call struct {
	fn       func(now int64) error
	done     chan struct{} // closed when err or panicked is set
	err      error
	panicked any
}

// answer ends a call.
func (c *call) answer(err error) {
	c.err = err
	close(c.done)
}

// do has a function run in the room's goroutine. The error is the function's, a
// *[DocumentError], or the context's. A panic of the function is the caller's.
func (h *roomHost) do(ctx context.Context, fn func(now int64) error) error {
	c := &call{fn: fn, done: make(chan struct{})}
	h.loop.Post(event{kind: called, call: c})
	select {
	case <-c.done:
	case <-h.ended:
		return &DocumentError{h.name, codec.Restart}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.err
}

// call runs a function that came by do.
func (h *roomHost) call(now int64, c *call) {
	defer func() {
		if v := recover(); v != nil {
			c.panicked = v
			c.answer(nil)
		}
	}()
	c.answer(c.fn(now))
}

// watch has what the program changes from now on, observers of it too, passed on.
func (h *roomHost) watch() {
	if h.watched {
		return
	}
	h.watched = true
	h.doc.OnUpdate(func(u []byte, tx *crdt.Txn) {
		if tx.Local() {
			h.edit(h.loop.Now(), u)
		}
	})
}
