package badgerstore

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Sync says what an update must have survived before it is reported saved.
type Sync uint8

const (
	// SyncNever: the update is with the operating system. It survives the end of
	// the process, however it ends, but not a power loss or a crash of the
	// machine, which may cost what was saved in about the last half minute.
	SyncNever Sync = iota

	// SyncAlways: the update is on the disk. One sync serves all updates of a
	// transaction.
	SyncAlways
)

// String returns "never" or "always".
func (s Sync) String() string {
	switch s {
	case SyncNever:
		return "never"
	case SyncAlways:
		return "always"
	}
	return fmt.Sprintf("Sync(%d)", uint8(s))
}

// MarshalText is the reverse of UnmarshalText.
func (s Sync) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts "never" and "always", for flags and settings files.
func (s *Sync) UnmarshalText(text []byte) error {
	switch string(text) {
	case "never":
		*s = SyncNever
	case "always":
		*s = SyncAlways
	default:
		return fmt.Errorf("sync must be never or always, not %q", text)
	}
	return nil
}

// Options are the settings of a store. The zero value is ready to use.
type Options struct {
	// Sync says when an update counts as saved. The default is SyncNever.
	Sync Sync

	// Interval is the least time from one commit to the next. An update on a store
	// that has been quiet for so long is written at once; those that follow it are
	// gathered, which saves most of the CPU of commits while people type, and are
	// reported saved up to an interval later. Close, Compact and a long queue do
	// not wait. The default is 0: commits follow each other.
	Interval time.Duration

	// Logger gets what the store and Badger have to say; Badger's news of
	// ordinary work is at debug level. The default is slog.Default().
	Logger *slog.Logger

	// QueueBytes bounds the updates that wait to be written, in bytes; Append
	// blocks beyond it. The default is 32 MiB. One update may exceed it.
	QueueBytes int

	// MinFree is the free space on the disk, in bytes, below which the store
	// refuses to write with an error that wraps store.ErrNoRoom. It must leave
	// room for what Badger writes on its own account: Badger writes through
	// mapped memory, and a process whose mapped file finds the disk full is
	// killed. The default is 256 MiB; a negative number turns the check off.
	MinFree int64

	// SkipCheck opens the store without reading all of its tables first. A table
	// that is damaged is then noticed late or not at all: Badger takes what it
	// cannot read for absent.
	SkipCheck bool
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 32 << 20
	}
	if o.MinFree == 0 {
		o.MinFree = 256 << 20
	}
	return o
}

// memTableSize is Badger's unit of memory: there is one memtable being written
// and up to two being flushed, and a transaction may take 15 percent of one.
// Smaller costs more flushes and compactions, larger costs memory that an idle
// server keeps.
const memTableSize = 8 << 20

func (o Options) badger(dir string) badger.Options {
	b := badger.DefaultOptions(dir)
	b.Logger = logger{o.Logger}
	b.ExternalMagicVersion = badgerMagic
	b.SyncWrites = o.Sync == SyncAlways

	// Nothing goes to the value log, see the package comment. Badger still opens
	// one, at this smallest size.
	b.ValueThreshold = 1 << 20
	b.ValueLogFileSize = 1 << 20

	// A lean server: no counters, no caches (uncompressed blocks are read from
	// mapped files, so the page cache is the cache), no conflict detection (there
	// is one writer for every key), as few memtables and compactors as work.
	b.MetricsEnabled = false
	b.DetectConflicts = false
	b.Compression = options.None
	b.BlockCacheSize = 0
	b.IndexCacheSize = 0
	b.MemTableSize = memTableSize
	b.NumMemtables = 2
	b.NumCompactors = 2
	return b
}
