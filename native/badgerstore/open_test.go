package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store"
)

func TestOpenLocked(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := filepath.Join(t.TempDir(), "new", "weft-data")
	st := openStore(t, dir, Options{})
	var locked *LockedError
	if _, err := Open(dir); !errors.As(err, &locked) || locked.Dir != dir || locked.PID != os.Getpid() {
		t.Fatalf("second Open: %v", err)
	}
	if want := fmt.Sprintf("badgerstore: %s is in use by process %d", dir, os.Getpid()); locked.Error() != want {
		t.Errorf("%q, want %q", locked, want)
	}
	closeAll(t, st)
	closeAll(t, openStore(t, dir, Options{}))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is open to others: %v, %v", info.Mode(), err)
	}
}

func TestOpenElsewhere(t *testing.T) {
	defer goleak.VerifyNone(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if st, err := Open(dir); err == nil {
			t.Errorf("opened %s", dir)
			_ = st.Close()
		}
	}
}

func TestOpenForeign(t *testing.T) {
	defer goleak.VerifyNone(t)
	set := func(t *testing.T, dir string, o badger.Options, key, value []byte) {
		db, err := badger.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(txn *badger.Txn) error { return txn.Set(key, value) })
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	version := appendChecksum([]byte{formatVersion + 1}, []byte{prefixFormat})
	for _, test := range []struct {
		name string
		make func(t *testing.T, dir string)
		want string
	}{
		{"somebody else's Badger", func(t *testing.T, dir string) {
			set(t, dir, badger.DefaultOptions(dir).WithLogger(nil), []byte("key"), []byte("value"))
		}, "not weft's"},
		{"no format key", func(t *testing.T, dir string) {
			set(t, dir, Options{}.withDefaults().badger(dir), []byte("key"), []byte("value"))
		}, "not weft's"},
		{"a later version", func(t *testing.T, dir string) {
			set(t, dir, Options{}.withDefaults().badger(dir), []byte{prefixFormat}, version)
		}, "version 3"},
		{"a damaged version", func(t *testing.T, dir string) {
			set(t, dir, Options{}.withDefaults().badger(dir), []byte{prefixFormat}, []byte("hello"))
		}, "checksum"},
		{"a damaged counter", func(t *testing.T, dir string) {
			closeAll(t, openStore(t, dir, Options{}))
			set(t, dir, Options{}.withDefaults().badger(dir), []byte{prefixCounter}, []byte("hello"))
		}, "checksum"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.make(t, dir)
			var format *FormatError
			_, err := Options{Logger: quietLog()}.Open(dir)
			if !errors.As(err, &format) || format.Dir != dir || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want a *FormatError with %q", err, test.want)
			}
		})
	}
}

// TestTables changes every kind of byte in a table and checks that the store is
// not opened, that nothing is touched, and that it opens again once the byte is
// right.
func TestTables(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	o := Options{Logger: quietLog()}
	st := openStore(t, dir, o)
	updates, _ := typing(100)
	for i := range 30 {
		d := openDoc(t, st, fmt.Sprint("document ", i))
		mustAppend(t, d, updates...)
		closeAll(t, d)
	}
	closeAll(t, st)
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	path := tables[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, bad []byte) {
		t.Helper()
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := fingerprint(dir)
		if err != nil {
			t.Fatal(err)
		}
		var table *TableError
		if st, err := o.Open(dir); !errors.As(err, &table) || table.Path != path {
			t.Errorf("%s: Open: %v", what, err)
			if err == nil {
				_ = st.Close()
			}
		}
		if after, err := fingerprint(dir); err != nil || !slices.Equal(before, after) {
			t.Errorf("%s: something was changed", what)
		}
	}
	for at := 0; at < len(good); at += 1 + len(good)/200 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		refused(fmt.Sprintf("byte %d of %d", at, len(good)), bad)
	}
	for at := len(good) - 40; at < len(good); at++ { // the footer
		for _, bit := range []byte{0x80, 1} {
			bad := bytes.Clone(good)
			bad[at] ^= bit
			// Protocol buffers have more than one way to write the same thing.
			if checkTable(bad) != nil {
				refused(fmt.Sprintf("byte %d of %d", at, len(good)), bad)
			}
		}
	}
	for _, size := range []int{0, 1, 3, 4, 5, 100, len(good) / 2, len(good) - 1} {
		refused(fmt.Sprintf("cut off at %d", size), good[:size])
	}
	refused("with a byte more", append(bytes.Clone(good), 0))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var table *TableError
	if _, err := o.Open(dir); !errors.As(err, &table) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a table: %v", err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, dir, o)
	for i := range 30 {
		d := openDoc(t, st, fmt.Sprint("document ", i))
		if n := len(d.Parts()); n != len(updates) {
			t.Errorf("document %d has %d parts", i, n)
		}
	}
	closeAll(t, st)

	manifest := filepath.Join(dir, badger.ManifestFilename)
	b, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(manifest, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if st, err := o.Open(dir); err == nil {
		t.Error("opened with a damaged manifest")
		_ = st.Close()
	}
}

// TestEmptyLogs opens what is left when a process is killed while Badger makes or
// removes a log file.
func TestEmptyLogs(t *testing.T) {
	defer goleak.VerifyNone(t)
	o := &opener{t: t, dir: t.TempDir(), options: Options{Logger: testLog(t)}}
	st := openStore(t, o.dir, o.options)
	d := openDoc(t, st, "d")
	mustAppend(t, d, []byte("x"))
	if err := o.Crash(st); err != nil {
		t.Fatal(err)
	}
	closeAll(t, d, st)
	for _, name := range []string{"00000.mem", "00099.mem", "000000.vlog", "000099.vlog"} {
		if err := os.WriteFile(filepath.Join(o.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		st = openStore(t, o.dir, o.options)
		d = openDoc(t, st, "d")
		if n := len(d.Parts()); n != 1 {
			t.Errorf("%d parts", n)
		}
		closeAll(t, d, st)
	}
}

// TestNoValueLog checks that all goes through the memtable's log, whose sync
// errors are seen, and nothing through the value log.
func TestNoValueLog(t *testing.T) {
	dir := t.TempDir()
	st := openStore(t, dir, Options{})
	d := openDoc(t, st, "d")
	large := bytes.Repeat([]byte{0xab}, 5<<20)
	mustAppend(t, d, large, large[:chunkLen], large[:maxRecord], large[:maxRecord+1], large[:chunkLen-10])
	closeAll(t, d)
	if st.db.Opts().ValueThreshold <= chunkLen+64 || st.db.MaxBatchSize() <= maxBatch+chunkLen/2 || st.db.MaxBatchCount() <= maxEntries {
		t.Errorf("threshold %d, batches of %d bytes and %d entries", st.db.Opts().ValueThreshold, st.db.MaxBatchSize(), st.db.MaxBatchCount())
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	for _, path := range logs {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, large[:100]) {
			t.Errorf("%s has a value", path)
		}
	}
	closeAll(t, st)
}

// TestSyncAlways checks that a new memtable's directory entry is noticed.
func TestSyncAlways(t *testing.T) {
	dir := t.TempDir()
	st := openStore(t, dir, Options{Sync: SyncAlways})
	d := openDoc(t, st, "d")
	seen := make(map[int]bool)
	for range 60 {
		mustAppend(t, d, make([]byte, 512<<10))
		newest := 0
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".mem")); err == nil {
				newest = max(newest, n)
			}
		}
		st.committing.Lock()
		got := st.newest
		st.committing.Unlock()
		if got != newest {
			t.Fatalf("newest memtable is %d, known is %d", newest, got)
		}
		seen[newest] = true
	}
	if len(seen) < 3 {
		t.Errorf("only memtables %v in 30 MiB", seen)
	}
	closeAll(t, d, st)
}

// TestLean bounds what a server with many small documents spends.
func TestLean(t *testing.T) {
	var before, idle, full runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	st := openStore(t, t.TempDir(), Options{})
	runtime.GC()
	runtime.ReadMemStats(&idle)
	const documents = 1000
	updates, _ := typing(20)
	for i := range documents {
		d := openDoc(t, st, fmt.Sprint("document ", i))
		d.Parts()
		for _, u := range updates {
			d.Append(u, nil)
		}
	}
	closeAll(t, openDoc(t, st, "behind all others"))
	// How many records were under way at once, and are kept for the next ones,
	// depends on how busy the machine is, and not on the documents.
	st.mu.Lock()
	st.spare = nil
	st.mu.Unlock()
	runtime.GC()
	runtime.ReadMemStats(&full)
	each := (int64(full.HeapAlloc) - int64(idle.HeapAlloc)) / documents
	empty := (int64(idle.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("an empty store has %d MiB of heap, of which the memtable may use %d; an open document takes %d bytes", empty, memTableSize>>20, each)
	if empty > 16 || each > 1500 {
		t.Error("that is too much")
	}
	closeAll(t, st)
}

// TestAppendAllocations: what a Badger entry costs is shared by the updates that
// it holds, and Append itself allocates nothing.
func TestAppendAllocations(t *testing.T) {
	st := openStore(t, t.TempDir(), Options{})
	d := openDoc(t, st, "d")
	updates, _ := typing(100)
	saved := make(chan error, 1)
	last := func(err error) { saved <- err }
	step := func() {
		for _, u := range updates {
			d.Append(u, nil)
		}
		d.Append(updates[0], last)
		if err := <-saved; err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(200, step) / float64(len(updates)+1); n > 2 {
		t.Errorf("%.2f allocations for each append", n)
	} else {
		t.Logf("%.2f allocations for each append", n)
	}
	closeAll(t, d, st)
}

// TestNumbers checks that no document number is given twice.
func TestNumbers(t *testing.T) {
	dir := t.TempDir()
	seen := make(map[uint64]bool)
	for range 5 {
		st := openStore(t, dir, Options{})
		for i := range 3 {
			d := openDoc(t, st, fmt.Sprint(i))
			mustAppend(t, d, []byte("x"))
			number := d.(*doc).number
			if seen[number] {
				t.Fatalf("number %d was given twice", number)
			}
			seen[number] = true
			closeAll(t, d)
			if err := st.Delete(context.Background(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		closeAll(t, st)
	}
}

// TestDeleteOther: a name record that points to another document must not get
// that one deleted.
func TestDeleteOther(t *testing.T) {
	st := openStore(t, t.TempDir(), Options{})
	d := openDoc(t, st, "right")
	mustAppend(t, d, []byte("x"))
	number := d.(*doc).number
	closeAll(t, d)
	var b batch
	b.setNumber(appendNameKey(nil, "wrong"), number)
	if err := st.commit(&b); err != nil {
		t.Fatal(err)
	}
	var corrupt *store.CorruptError
	if err := st.Delete(context.Background(), "wrong"); !errors.As(err, &corrupt) {
		t.Errorf("Delete: %v", err)
	}
	if _, err := st.Open(context.Background(), "wrong"); !errors.As(err, &corrupt) {
		t.Errorf("Open: %v", err)
	}
	d = openDoc(t, st, "right")
	if n := len(d.Parts()); n != 1 {
		t.Errorf("%d parts", n)
	}
	closeAll(t, st)
}

// TestRealRoom measures this machine, with descriptors plenty and short.
func TestRealRoom(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	left, err := measureRoom(dir)
	if err != nil || left.bytes == 0 || left.descriptors >= 0 {
		t.Fatalf("%+v, %v", left, err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are counted on Linux only")
	}
	// In a child with a low limit, which this process should not have.
	const variable = "WEFT_BADGERSTORE_DESCRIPTORS"
	if os.Getenv(variable) == "" {
		cmd := exec.Command("sh", "-c", `ulimit -n 400 && exec "$0" -test.run='^TestRealRoom$' -test.v`, os.Args[0])
		cmd.Env = append(os.Environ(), variable+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var files []*os.File
	short := 0
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		files = append(files, f)
		if left, err := measureRoom(dir); err != nil {
			t.Fatal(err)
		} else if left.descriptors >= 0 {
			short++
		} else if short > 0 {
			t.Fatal("there were few, and now there are enough")
		}
	}
	if short < 90 || short > 100 { // a quarter of 400
		t.Errorf("%d descriptors were left when it was told first", short)
	}
	for _, f := range files[:len(files)-1] { // the last one has a high number
		_ = f.Close()
	}
	if left, err := measureRoom(dir); err != nil || left.descriptors >= 0 {
		t.Errorf("after the rush: %+v, %v", left, err)
	}
	_ = files[len(files)-1].Close()
}

func TestSyncText(t *testing.T) {
	for _, s := range []Sync{SyncNever, SyncAlways} {
		text, err := s.MarshalText()
		var got Sync
		if err2 := got.UnmarshalText(text); err != nil || err2 != nil || got != s {
			t.Errorf("%v: %q, %v, %v", s, text, err, err2)
		}
	}
	var s Sync
	if err := s.UnmarshalText([]byte("sometimes")); err == nil {
		t.Error("accepted sometimes")
	}
}
