package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// LockedError says that another process has the directory open.
type LockedError struct {
	Dir string
	PID int // of the other process; 0 if not known
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("badgerstore: %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("badgerstore: %s is in use by process %d", e.Dir, e.PID)
}

// FormatError says that a directory holds something that this version of weft
// cannot use.
type FormatError struct {
	Dir    string
	Reason string
}

func (e *FormatError) Error() string { return fmt.Sprintf("badgerstore: %s: %s", e.Dir, e.Reason) }

// Open opens the store in a directory, and creates both if need be.
//
// Errors: *[LockedError] if another process uses it; *[TableError] if one of its
// files is damaged, in which case nothing was changed and a backup is needed;
// *[FormatError] if it is not a store of weft, or one of a later version.
func (o Options) Open(dir string) (*Store, error) {
	o = o.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("badgerstore: %w", err)
	}
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("badgerstore: %w", err)
	}
	if locked(dir) {
		return nil, lockedError(dir)
	}
	if !o.SkipCheck {
		if err := checkTables(dir, o); err != nil {
			return nil, err
		}
	}
	if err := removeEmptyLogs(dir); err != nil {
		return nil, fmt.Errorf("badgerstore: %w", err)
	}
	db, err := badger.Open(o.badger(dir))
	if err != nil {
		return nil, openError(dir, err)
	}
	s, err := o.start(dir, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// removeEmptyLogs removes log files of no bytes. Badger makes a log by creating a
// file and then giving it a size, and removes one by taking the size away first;
// killed in between, it would refuse to open what it left. (Badger 4.9.6,
// memtable.go, openMemTable: "Create a new file". Seen in TestKill.)
func removeEmptyLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".mem", ".vlog":
			info, err := e.Info()
			if err == nil && info.Mode().IsRegular() && info.Size() == 0 {
				err = os.Remove(filepath.Join(dir, e.Name()))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// start makes a store of an open database.
func (o Options) start(dir string, db *badger.DB) (*Store, error) {
	files, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("badgerstore: %w", err)
	}
	s := &Store{
		dir: dir, options: o, log: o.Logger, db: db, files: files,
		leave:     room{minFree: o.MinFree, measure: func() (resources, error) { return measureRoom(files) }, now: time.Now},
		docs:      make(map[string]*doc),
		committed: make(chan struct{}),
		resume:    make(chan struct{}, 1),
	}
	s.more.L, s.room.L = &s.mu, &s.mu
	s.group.store = s
	s.ending, s.end = context.WithCancel(context.Background())
	if err := s.prepare(); err != nil {
		s.end()
		files.Close()
		return nil, err
	}
	go s.runCommitter()
	s.calls.Add(1)
	go func() {
		defer s.calls.Done()
		if err := s.finishRemovals(s.ending); err != nil && s.ending.Err() == nil {
			s.log.Warn("data of deleted documents was not removed; the next start will try again", "err", err)
		}
	}()
	return s, nil
}

// prepare checks the format, or writes it into a new database, and finds out
// which document numbers have been given.
func (s *Store) prepare() error {
	write := false // the format version
	err := s.view(func(txn *badger.Txn) error {
		version, err := getNumber(txn, prefixFormat)
		switch {
		case errors.Is(err, badger.ErrKeyNotFound):
			it := txn.NewIterator(badger.IteratorOptions{})
			defer it.Close()
			if it.Rewind(); it.Valid() {
				return &FormatError{s.dir, "it holds a database that is not weft's"}
			}
			write = true
			return nil
		case err != nil:
			return &FormatError{s.dir, fmt.Sprintf("its format version cannot be read: %v", err)}
		case version == formatVersion-1:
			write = true
		case version != formatVersion:
			return &FormatError{s.dir, fmt.Sprintf("its format is version %d, this program knows version %d", version, formatVersion)}
		}
		last, err := getNumber(txn, prefixCounter)
		if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
			return &FormatError{s.dir, fmt.Sprintf("its document counter cannot be read: %v", err)}
		}
		s.number = max(last, lastNumber(txn))
		return nil
	})
	if err != nil || !write {
		return err
	}
	var b batch
	b.setNumber([]byte{prefixFormat}, formatVersion)
	return s.commit(&b)
}

func getNumber(txn *badger.Txn, key byte) (uint64, error) {
	item, err := txn.Get([]byte{key})
	if err != nil {
		return 0, err
	}
	return readNumber(item)
}

// lastNumber returns the highest document number that has data: the counter
// should know, but it is one key and this is certain.
func lastNumber(txn *badger.Txn) uint64 {
	it := txn.NewIterator(badger.IteratorOptions{Reverse: true, Prefix: []byte{prefixData}})
	defer it.Close()
	it.Seek(lastDataKey())
	if !it.Valid() {
		return 0
	}
	number, _ := numberOf(it.Item().Key())
	return number
}

// makeDir makes the directory for the owner alone: documents are private.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", dir)
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// syncNewFiles makes sure, with SyncAlways, that the directory entry of the
// memtable's log is on the disk before what is in the log is reported saved.
// Badger syncs the file alone.
func (s *Store) syncNewFiles() error {
	if s.options.Sync != SyncAlways {
		return nil
	}
	fresh := false
	if s.newest == 0 {
		entries, err := os.ReadDir(s.dir)
		if err != nil {
			return fmt.Errorf("badgerstore: %w", err)
		}
		for _, e := range entries {
			if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".mem")); err == nil && n > s.newest {
				s.newest, fresh = n, true
			}
		}
	}
	for {
		if _, err := os.Stat(filepath.Join(s.dir, fmt.Sprintf("%05d.mem", s.newest+1))); err != nil {
			break
		}
		s.newest++
		fresh = true
	}
	if !fresh {
		return nil
	}
	if err := s.files.Sync(); err != nil {
		return fmt.Errorf("badgerstore: syncing the directory: %w", err)
	}
	return nil
}

// openError turns Badger's text into a type where a person can do something
// about it.
func openError(dir string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Cannot acquire directory lock"):
		return lockedError(dir)
	case strings.Contains(text, "external magic number"):
		return &FormatError{dir, "it holds a Badger database that is not weft's"}
	}
	return fmt.Errorf("badgerstore: opening %s: %w", dir, err)
}

// lockedError asks the file that Badger leaves for the process's id.
func lockedError(dir string) *LockedError {
	e := &LockedError{Dir: dir}
	if b, err := os.ReadFile(filepath.Join(dir, "LOCK")); err == nil {
		e.PID, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	return e
}
