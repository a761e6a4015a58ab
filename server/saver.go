package server

import (
	"errors"
	"math"
	"sync/atomic"

	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/store"
)

// When a log is compacted.
const (
	compactEntries = 1000    // updates; about a millisecond of loading
	compactBytes   = 1 << 20 // bytes, or the document's size if that is more
	unloadEntries  = 16      // updates, when a document is unloaded
)

var (
	errStore     = errors.New("the store does not take updates")
	errAbandoned = errors.New("abandoned")
)

// saver hands a room's updates to the store, and knows what is stored. It is
// part of the room's goroutine; the store's answers come through the inbox.
//
// When an append fails, the store's handle is broken (see package store). Then
// the room goes on with what it has in memory, the saver closes the handle and
// opens the document again until that works, and appends the whole document as
// one update. Each handle is a term; answers about an earlier term are of no
// interest, because the whole document covers what they were about.
type saver struct {
	host *roomHost
	doc  store.Doc // nil while there is none that works
	old  store.Doc // broken, not closed yet
	term uint32

	reached atomic.Uint64 // the last update that the store has reported
	awaited atomic.Bool   // its reports wake the room
	took    atomic.Int64  // milliseconds from the last such update's append to its report

	failing  bool   // something is in memory only, because an append failed
	whole    uint64 // the number with which the whole document is stored, when failing
	opening  bool   // a goroutine closes the old handle and opens a new one
	pause    int64  // milliseconds before the next try
	retryAt  int64
	compacts int            // compactions under way: 0 or 1
	asked    []chan<- error // whom to tell how the one under way ends; each has room for it
	refused  int            // compactions in a row that failed
	restAt   int64          // no compaction before
}

// append stores an update of the room.
func (s *saver) append(u []byte, seq uint64) {
	if s.doc == nil {
		return // the whole document will be stored
	}
	term, began := s.term, s.host.loop.Now()
	s.doc.Append(u, func(err error) {
		if err == nil {
			s.reached.Store(seq)
			s.took.Store(s.host.loop.Now() - began)
			if !s.awaited.Load() {
				return // nobody waits for it, so the room is not woken
			}
		}
		s.host.loop.Post(event{kind: saved, saver: s, term: term, err: err})
	})
}

// await makes the store's next answer wake the room. What it has answered
// already is noted by the next learn.
func (s *saver) await() { s.awaited.Store(true) }

// watch makes the store's next answer wake the room while a member waits to be told of
// it. It may have come just before: then it is noted now.
func (s *saver) watch() {
	awaited := s.host.stopping || s.failing || s.host.room.AwaitsStored()
	if awaited && !s.awaited.Swap(true) {
		s.learn()
	} else if !awaited {
		s.awaited.Store(false)
	}
}

// learn tells the machine what is stored by now. The numbers only grow: a store
// answers in order, and after a failure the whole document is appended with the
// number of its last update.
func (s *saver) learn() {
	seq := s.reached.Load()
	if seq <= s.host.room.Stored() {
		return
	}
	s.host.room.HandleStored(seq)
	if s.failing && seq >= s.whole {
		s.failing, s.pause = false, 0
		s.host.move(Open)
		s.awaited.Store(s.host.stopping)
		s.host.srv.stats.unsaved.Add(-1)
		s.host.srv.log.Info("the store works again; the document is stored whole", "document", s.host.name)
	}
}

// event handles an answer of the store.
func (s *saver) event(now int64, e *event) {
	if s != e.saver {
		// From before the room was unloaded.
		if e.doc != nil {
			go e.doc.Close()
		}
		return
	}
	switch e.kind {
	case saved:
		s.saved(now, e)
	case compacted:
		s.compacted(now, e)
	case reopened:
		s.reopened(now, e)
	}
}

// saved handles the store's answer to an append that was awaited or failed.
func (s *saver) saved(now int64, e *event) {
	if e.term == s.term && e.err != nil {
		s.host.srv.stats.appendFails.Add(1)
		s.fail(now, e.err)
	}
}

// fail gives up the handle and arranges for the next try.
func (s *saver) fail(now int64, err error) {
	if !s.failing {
		s.failing = true
		s.host.move(Unsaved)
		s.await()
		s.host.srv.stats.unsaved.Add(1)
	}
	s.term++
	s.whole = math.MaxUint64
	if s.doc != nil {
		s.doc, s.old = nil, s.doc
	}
	s.pause = min(max(2*s.pause, s.host.srv.timing.retry), s.host.srv.timing.maxRetry)
	s.retryAt = now + s.pause
	s.host.srv.log.Error("the store failed; the document stays in memory", "document", s.host.name, "error", err, "retry_ms", s.pause)
	if s.host.stopping {
		s.hurry(now)
	}
}

// hurry makes the next try the next thing to do, because the server is
// stopping; while it is, tries follow each other at the shortest pause.
func (s *saver) hurry(now int64) {
	if s.retryAt != host.Never {
		s.retryAt = now + min(s.pause, s.host.srv.timing.retry)
	}
}

// tend does what is due.
func (s *saver) tend(now int64) {
	if s.retryAt <= now && !s.opening {
		s.reopen()
	}
	if s.doc != nil && !s.failing && s.compacts == 0 && !s.host.stopping && now >= s.restAt {
		entries, bytes := s.doc.LogSize()
		if entries > compactEntries || bytes > max(compactBytes, int64(s.host.doc.Size())) {
			s.compact()
		}
	}
}

// reopen closes the broken handle and opens the document again.
func (s *saver) reopen() {
	s.retryAt, s.opening = host.Never, true
	old, h := s.old, s.host
	s.old = nil
	go func() {
		if old != nil {
			_ = old.Close() // its error is the one that brought us here
		}
		doc, err := h.srv.storeOf(h.mode).Open(h.srv.ctx, h.name)
		stored := err == nil && len(doc.Parts()) > 0 // all of it is in memory
		h.loop.Post(event{kind: reopened, saver: s, doc: doc, stored: stored, err: err})
	}()
}

// reopened stores the whole document.
func (s *saver) reopened(now int64, e *event) {
	s.opening = false
	if e.err != nil {
		s.fail(now, e.err)
		return
	}
	s.doc, s.whole = e.doc, s.host.room.Appended()
	epoch := s.doc.Epoch()
	s.host.room.SetEpoch(now, epoch[:], e.stored)
	s.append(s.host.doc.Encode(), s.whole)
}

// compact replaces the log by a snapshot. Updates may be appended between the
// making of the snapshot and the store's beginning: then the store finds that
// the snapshot lacks them and refuses it, nothing is lost, and the next try
// comes soon.
func (s *saver) compact() {
	s.compacts = 1
	doc, h := s.doc, s.host
	snapshot := h.doc.Encode()
	go func() {
		err := doc.Compact(h.srv.ctx, snapshot)
		h.loop.Post(event{kind: compacted, saver: s, err: err})
	}()
}

// compactFor compacts because somebody asked for it, who is told the result once; if
// a compaction is under way already, that one's.
func (s *saver) compactFor(result chan<- error) error {
	if s.doc == nil || s.failing {
		return errStore
	}
	s.asked = append(s.asked, result)
	if s.compacts == 0 {
		s.compact()
	}
	return nil
}

func (s *saver) compacted(now int64, e *event) {
	s.compacts = 0
	s.answer(e.err)
	if e.err == nil {
		s.refused = 0
		s.host.srv.stats.compactions.Add(1)
		return
	}
	s.refused++
	s.restAt = now + min(s.host.srv.timing.retry<<min(s.refused, 10), 10*60_000)
	if _, ok := errors.AsType[*store.SnapshotError](e.err); ok && s.refused <= 3 {
		s.host.srv.log.Debug("compaction overtaken by an update", "document", s.host.name, "error", e.err)
		return
	}
	s.host.srv.log.Error("the log was not compacted", "document", s.host.name, "error", e.err)
}

// answer tells those who asked for a compaction what became of it.
func (s *saver) answer(err error) {
	for _, c := range s.asked {
		c <- err
	}
	s.asked = nil
}

// settled reports whether the store has everything and nothing is under way.
func (s *saver) settled() bool {
	s.learn()
	return !s.failing && !s.opening && s.compacts == 0 && s.host.room.Stored() == s.host.room.Appended()
}

// compactBeforeClose compacts a log that would take time when the document is
// loaded next. Nobody waits for the room, unless somebody has just joined.
func (s *saver) compactBeforeClose() {
	if entries, _ := s.doc.LogSize(); entries < unloadEntries {
		return
	}
	if err := s.doc.Compact(s.host.srv.ctx, s.host.doc.Encode()); err != nil {
		s.host.srv.log.Error("the log was not compacted", "document", s.host.name, "error", err)
		return
	}
	s.host.srv.stats.compactions.Add(1)
}

// close gives the handle back. Its error says that something was not stored.
func (s *saver) close() error {
	if s.failing {
		s.failing = false
		s.host.srv.stats.unsaved.Add(-1)
	}
	s.answer(errAbandoned)
	err := error(nil)
	if s.doc == nil {
		err = errAbandoned
	}
	for _, doc := range []store.Doc{s.doc, s.old} {
		if doc != nil {
			err = errors.Join(err, doc.Close())
		}
	}
	s.doc, s.old = nil, nil
	return err
}
