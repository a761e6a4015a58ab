// Package storetest checks an implementation of store.Store against the contract
// in package store.
//
// An implementation calls [Run] from a test of its own, with a function that
// returns an [Opener]. What the opener can do beyond opening, [Crasher] and
// [Damager], is tested too. Stores that keep files call [Kill] as well: it lets
// a child process append, kills it, and looks at what is left.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Opener { return &opener{dir: t.TempDir()} })
//	}
//
// The updates that the tests store are made here, byte by byte, and real: they
// can be applied to a Yjs document.
package storetest

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store"
)

// Opener opens stores on one set of stored data, which is empty at first. One
// store is open at a time.
type Opener interface {
	Open() (store.Store, error)
}

// Crasher is an Opener that can play kill -9.
type Crasher interface {
	Opener

	// Crash abandons an open store: the next Open finds what a new process would
	// find if this one had been killed now. It is called while no append is
	// outstanding. The store is still closed afterwards, which must not matter.
	Crash(st store.Store) error
}

// Damager is an Opener that can break what is stored. Its methods are called
// while no store is open.
type Damager interface {
	Opener

	// Damage breaks a document in some way, so that it is not whole any more. The
	// ways are numbered from 0; what says what was done, and is empty if there is
	// no such way or the document has nothing that could be broken like that.
	Damage(name string, way int) (what string, err error)

	// Dump returns all that is stored for a document, as bytes that are equal
	// if nothing was written.
	Dump(name string) ([]byte, error)

	// Ways is the number of ways.
	Ways() int
}

// Run runs all tests of the suite as subtests.
func Run(t *testing.T, newOpener func(t *testing.T) Opener) {
	for _, test := range []struct {
		name string
		run  func(*T)
	}{
		{"New", testNew},
		{"Order", testOrder},
		{"ConcurrentAppends", testConcurrentAppends},
		{"Ownership", testOwnership},
		{"ManyDocuments", testManyDocuments},
		{"LogSize", testLogSize},
		{"Large", testLarge},
		{"InUse", testInUse},
		{"Closed", testClosed},
		{"CloseWaits", testCloseWaits},
		{"Names", testNames},
		{"NamesRefused", testNamesRefused},
		{"List", testList},
		{"Delete", testDelete},
		{"DeleteAndCreate", testDeleteAndCreate},
		{"Epoch", testEpoch},
		{"Contexts", testContexts},
		{"Compact", testCompact},
		{"CompactKeepsLater", testCompactKeepsLater},
		{"CompactWhileAppending", testCompactWhileAppending},
		{"CompactRefused", testCompactRefused},
		{"CompactNothing", testCompactNothing},
		{"CompactLarge", testCompactLarge},
		{"Crash", testCrash},
		{"Damage", testDamage},
	} {
		t.Run(test.name, func(t *testing.T) {
			ignore := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, ignore) }) // last of all
			test.run(&T{T: t, opener: newOpener(t)})
		})
	}
}

// T is a running test with its store.
type T struct {
	*testing.T
	opener Opener
	st     store.Store
}

// open opens the store, which is closed when the test ends at the latest.
func (t *T) open() {
	t.Helper()
	st, err := t.opener.Open()
	if err != nil {
		t.Fatalf("opening the store: %v", err)
	}
	t.st = st
	t.Cleanup(func() { _ = st.Close() })
}

func (t *T) close() {
	t.Helper()
	if err := t.st.Close(); err != nil {
		t.Fatalf("closing the store: %v", err)
	}
}

func (t *T) reopen() {
	t.Helper()
	t.close()
	t.open()
}

// doc opens a document.
func (t *T) doc(name string) store.Doc {
	t.Helper()
	d, err := t.st.Open(context.Background(), name)
	if err != nil {
		t.Fatalf("opening document %.40q: %v", name, err)
	}
	return d
}

// parts opens a document, takes its parts, and closes it.
func (t *T) parts(name string) [][]byte {
	t.Helper()
	d := t.doc(name)
	parts := d.Parts()
	t.closeDoc(d)
	return parts
}

func (t *T) closeDoc(d store.Doc) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatalf("closing a document: %v", err)
	}
}

// save appends updates and waits until they are saved.
func (t *T) save(d store.Doc, updates ...[]byte) {
	t.Helper()
	var all sync.WaitGroup
	for _, u := range updates {
		all.Add(1)
		d.Append(u, func(err error) {
			if err != nil {
				t.Errorf("append: %v", err)
			}
			all.Done()
		})
	}
	all.Wait()
}

// equalParts fails the test if the parts are not as wanted.
func (t *T) equalParts(got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d parts, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("part %d of %d differs: %.60x, want %.60x", i, len(got), got[i], want[i])
		}
	}
}

// logSize fails the test if the log's size is not that of the updates.
func (t *T) logSize(d store.Doc, updates ...[]byte) {
	t.Helper()
	want := 0
	for _, u := range updates {
		want += len(u)
	}
	if n, size := d.LogSize(); n != len(updates) || size != int64(want) {
		t.Fatalf("log has %d updates, %d bytes; want %d, %d", n, size, len(updates), want)
	}
}
