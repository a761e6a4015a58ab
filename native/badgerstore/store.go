package badgerstore

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/weft-sync/weft/native/store"
)

// Store is a store.Store in a directory. See the package comment.
type Store struct {
	dir     string
	options Options
	log     *slog.Logger
	db      *badger.DB
	files   *os.File // the directory, open
	leave   room     // to write

	mu      sync.Mutex
	docs    map[string]*doc // the open ones, and those being deleted
	queue   []*record       // for the committer
	queued  int             // bytes of updates that are not dealt with
	spare   []*record
	idle    bool      // the committer waits for more
	urgent  bool      // the committer is not to pause before the next commit
	more    sync.Cond // there is something in the queue, or stop is set
	room    sync.Cond // queued has become less, or something has been closed
	closing bool      // no new calls
	stop    bool      // the committer is to end

	calls     sync.WaitGroup  // running calls that use db
	ending    context.Context // done when closing
	end       context.CancelFunc
	committed chan struct{} // closed when the committer has ended
	resume    chan struct{} // one slot: ends the committer's pause
	group     group
	number    uint64 // the last one given to a document; the committer's

	committing   sync.Mutex
	newest       int // the memtable whose directory entry is synced
	beforeCommit func() error
	broken       atomic.Pointer[error]
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Health = (*Store)(nil)
	_ store.Doc    = (*doc)(nil)
)

// Open opens the store in a directory with the default options, and creates both
// if need be.
func Open(dir string) (*Store, error) { return Options{}.Open(dir) }

// Err returns nil while the store works. After a write has failed in a way that
// leaves the database in an unknown state it returns that error, and so does
// everything else; only closing the store and opening it again can help.
func (s *Store) Err() error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// fail makes err the answer to everything from now on.
func (s *Store) fail(err error) error {
	err = fmt.Errorf("badgerstore: the store has stopped: %w", err)
	if s.broken.CompareAndSwap(nil, &err) {
		s.log.Error("storage has stopped: a write failed; nothing can be read or saved until it is opened again", "dir", s.dir, "err", err)
	}
	return s.Err()
}

// begin announces a call that uses the database; the caller must call
// s.calls.Done if there is no error.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return store.ErrClosed
	}
	if err := s.Err(); err != nil {
		return err
	}
	s.calls.Add(1)
	return nil
}

// while returns a context that ends with ctx or when the store is being closed.
func (s *Store) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(s.ending, func() { cancel(store.ErrClosed) })
	return ctx, func() { unhook(); cancel(nil) }
}

// Open is described in package store.
func (s *Store) Open(ctx context.Context, name string) (store.Doc, error) {
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	d := &doc{store: s, name: name, compacting: make(chan struct{}, 1)}
	if err := s.claim(d); err != nil {
		return nil, err
	}
	ctx, cancel := s.while(ctx)
	defer cancel()
	l, err := s.load(ctx, name)
	if err != nil {
		s.release(d)
		return nil, err
	}
	if l.exists {
		d.stored = true
		d.number, d.head, d.next = l.number, l.head, l.next
		d.parts, d.entries, d.bytes = l.parts(), len(l.log), l.logBytes
		d.giveEpoch()
		// Everything that counts has been read and found whole, so what is left
		// over may go. That can wait if it does not work now.
		if err := d.sweepAtOpen(ctx, l.debris); err != nil {
			s.log.Warn("leftovers of a crash were not removed", "document", name, "err", err)
		}
	} else {
		d.next = 1
		d.head = head{name: name, first: 1, reached: 1, epoch: store.NewEpoch()}
		d.epoch = d.head.epoch
	}
	return d, nil
}

// claim makes d the only user of its name.
func (s *Store) claim(d *doc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.docs[d.name] != nil {
		return store.ErrInUse
	}
	s.docs[d.name] = d
	return nil
}

// release gives d's name free.
func (s *Store) release(d *doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.docs[d.name] == d {
		delete(s.docs, d.name)
	}
}

// List is described in package store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]store.Info, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	if limit < 1 {
		limit = 1000
	}
	ctx, cancel := s.while(ctx)
	defer cancel()
	var infos []store.Info
	err := s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixName}})
		defer it.Close()
		for it.Seek(afterName(after)); it.Valid() && len(infos) < limit; it.Next() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			info := store.Info{Name: string(it.Item().Key()[1:])}
			// What cannot be read is listed all the same; Open says what is wrong.
			if number, err := readNumber(it.Item()); err == nil {
				if h, err := readHead(txn, number); err == nil {
					info.SnapshotBytes = int64(h.size)
				}
			}
			infos = append(infos, info)
		}
		return nil
	})
	return infos, err
}

// Close is described in package store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.closing = true
	s.room.Broadcast()
	s.mu.Unlock()
	s.end()
	s.calls.Wait()

	s.mu.Lock()
	s.stop = true
	s.hurry()
	s.more.Signal()
	open := s.docs
	s.docs = nil
	s.mu.Unlock()
	<-s.committed
	for _, d := range open {
		d.remember()
	}

	err := s.db.Close()
	if ferr := s.files.Close(); err == nil {
		err = ferr
	}
	if err == nil {
		err = s.Err()
	}
	return err
}
