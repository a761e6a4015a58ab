// Package badgerstore keeps documents in a Badger database: the store that
// `weft serve` uses.
//
// It is not a wrapper that others can put their own keys into: a directory
// belongs to one store, and a store to one process.
//
// Main types: [Store] is the store, [Options] its settings. [Open] is the usual
// way in:
//
//	st, err := badgerstore.Open("weft-data")
//	...
//	defer st.Close()
//
// # How it works
//
// A document is a snapshot and a log (keys.go draws the keys, record.go the
// values). One goroutine, the committer, takes whatever all documents have
// queued, writes it as one Badger transaction, reports it saved, and looks at the
// queue again (commit.go). While nothing else is going on an update is written at
// once, and under load more and more updates share one transaction and one log
// record; Options.Interval leaves a pause between two transactions.
//
// # What Badger is not trusted with
//
//   - Badger's value log is not used. It reports a failed sync as a log line and
//     needs a garbage collector of its own that writes data back; everything here
//     is smaller than the threshold and goes through the memtable's log, whose
//     sync errors are returned.
//   - A table block that cannot be read looks to Badger's Get like a key that is
//     not there, and to a compaction like the end of a table. All tables are
//     therefore checked before the database is opened (tables.go), log records
//     are numbered without holes, and a document remembers how long its log was
//     when it was last closed.
//   - A compaction of tables that fails to create a file (no descriptors left,
//     no inodes left) may drop the data. The store stops writing before either
//     runs out (room.go). The server should bound its connections for the same
//     reason.
//   - A database whose commit failed once is not used again, not even for reading:
//     Badger's state is undefined then. See [Store.Err].
//
// # Limits
//
// Updates and snapshots are split over keys and may be of any size that memory
// allows. Opening a document reads it whole. Opening the store reads every table
// (about a second per gigabyte); [Options].SkipCheck turns that off.
package badgerstore
