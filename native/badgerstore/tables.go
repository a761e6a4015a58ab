package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
)

// TableError says that a file of the database is damaged or missing. The store
// was not opened, because Badger would take what it cannot read for absent: a
// document in there would look new, and a compaction would drop it.
type TableError struct {
	Path string
	Err  error
}

func (e *TableError) Error() string {
	return fmt.Sprintf("badgerstore: %s is damaged: %v", e.Path, e.Err)
}
func (e *TableError) Unwrap() error { return e.Err }

// checkTables verifies the checksums of all tables that the manifest names.
// Badger could do that itself (ChecksumVerificationMode), but leaves a table out
// that fails. The layout is that of Badger 4, table/builder.go:
//
//	+-----------+-----+-------+---------------+------------+------------------+
//	| block     | ... | index | index len, 4  | checksum   | checksum len, 4  |
//	+-----------+-----+-------+---------------+------------+------------------+
//	block:  entries..., number of entries 4, checksum, checksum len 4
//
// with lengths big-endian, the index a flatbuffer, and a checksum the protocol
// buffer pb.Checksum.
func checkTables(dir string, o Options) error {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, os.ErrNotExist) {
		return nil // a new store
	} else if err != nil {
		return fmt.Errorf("badgerstore: %w", err)
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f, badgerMagic, o.badger(dir))
	if err != nil {
		return openError(dir, &TableError{f.Name(), err})
	}

	began := time.Now()
	ids := make(chan uint64)
	var work sync.WaitGroup
	var mu sync.Mutex
	var first error
	var total int
	for range min(4, runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			var buf []byte
			for id := range ids {
				path := filepath.Join(dir, fmt.Sprintf("%06d.sst", id))
				var err error
				if buf, err = readFile(path, buf); err == nil {
					err = checkTable(buf)
				}
				mu.Lock()
				total += len(buf)
				if err != nil && first == nil {
					first = &TableError{path, err}
				}
				mu.Unlock()
			}
		})
	}
	for id := range manifest.Tables {
		ids <- id
	}
	close(ids)
	work.Wait()
	if first == nil {
		o.Logger.Debug("storage checked", "dir", dir, "tables", len(manifest.Tables), "bytes", total, "took", time.Since(began))
	}
	return first
}

// readFile reads a file into buf, which it replaces if it is too small.
func readFile(path string, buf []byte) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return buf[:0], err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return buf[:0], err
	}
	if int64(cap(buf)) < info.Size() {
		buf = make([]byte, info.Size())
	}
	buf = buf[:info.Size()]
	_, err = f.ReadAt(buf, 0)
	return buf, err
}

var errTable = errors.New("malformed table")

// checkTable verifies one table.
func checkTable(b []byte) (err error) {
	defer func() {
		if p := recover(); p != nil { // flatbuffers trust what they read
			err = fmt.Errorf("%w: %v", errTable, p)
		}
	}()
	b, sum, err := cutLast(b)
	if err != nil {
		return err
	}
	blocks, index, err := cutLast(b)
	if err != nil {
		return err
	}
	if err := checkSum(index, sum); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	table := fb.GetRootAsTableIndex(index, 0)
	for i := range table.OffsetsLength() {
		var block fb.BlockOffset
		if !table.Offsets(&block, i) {
			return errTable
		}
		start, size := uint64(block.Offset()), uint64(block.Len())
		if start+size > uint64(len(blocks)) {
			return errTable
		}
		data, sum, err := cutLast(blocks[start : start+size])
		if err == nil {
			err = checkSum(data, sum)
		}
		if err != nil {
			return fmt.Errorf("block %d of %d: %w", i+1, table.OffsetsLength(), err)
		}
	}
	return nil
}

// cutLast takes a part off the end of b that is followed by its length.
func cutLast(b []byte) (rest, last []byte, err error) {
	n := len(b) - 4
	if n < 0 {
		return nil, nil, errTable
	}
	size := int64(binary.BigEndian.Uint32(b[n:]))
	if size > int64(n) {
		return nil, nil, errTable
	}
	return b[:n-int(size)], b[n-int(size) : n], nil
}

// checkSum compares data with an encoded pb.Checksum.
func checkSum(data, encoded []byte) error {
	const algorithm, sum = 1 << 3, 2 << 3 // field number, and wire type 0
	var want pb.Checksum
	for len(encoded) > 0 {
		field := encoded[0]
		value, n := binary.Uvarint(encoded[1:])
		if n <= 0 {
			return errTable
		}
		switch field {
		case algorithm:
			if value > uint64(pb.Checksum_XXHash64) {
				return errTable
			}
			want.Algo = pb.Checksum_Algorithm(value)
		case sum:
			want.Sum = value
		default:
			return errTable
		}
		encoded = encoded[1+n:]
	}
	return y.VerifyChecksum(data, &want)
}
