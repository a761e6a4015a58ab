package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/weft-sync/weft/native/store"
)

// The values. Every value ends in a checksum over its key and its bytes, so that
// neither a changed byte nor a value under the wrong key goes unnoticed.
//
//	value      +---------+----------------------------------+
//	           | content | CRC-32C of key and content, LE 4 |
//	           +---------+----------------------------------+
//
// Contents, numbers as unsigned LEB128 ("n"):
//
//	format     n: format version
//	counter    n: the last document number given
//	name       n: document number
//	head       n: flags. 1: snapshot chunks of other generations, or log records
//	              before the first, may still be there. 2: there is an epoch
//	           n: generation of the snapshot, 0 for none
//	           n: chunks of the snapshot
//	           n: bytes of the snapshot
//	           n: sequence number of the first log record
//	           n: sequence number that the log reached at least: every record
//	              from the first to before this one must be there
//	           the epoch, 16 bytes, if there is one (from version 2 on)
//	           name, to the end
//	snapshot   bytes of this chunk
//	log        part 0:  n: parts of this record, n: bytes of its body, body...
//	           others:  body, continued
//	           the body is a list of updates, each n: bytes, then the bytes
//
// A log record of several parts exists if its part 0 exists: it is written last.
// Other parts at the end of the log, without a part 0, are what a crash left.
const (
	checksumLen = 4

	// chunkLen is the most content bytes in one value. Badger limits a transaction
	// to a share of its memtable, see maxBatch.
	chunkLen = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errChecksum = errors.New("checksum mismatch")
	errContent  = errors.New("malformed content")
)

// appendChecksum ends a value that belongs to key.
func appendChecksum(value, key []byte) []byte {
	sum := crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
	return binary.LittleEndian.AppendUint32(value, sum)
}

// checkValue returns the content of a value that is stored under key.
func checkValue(key, value []byte) ([]byte, error) {
	n := len(value) - checksumLen
	if n < 0 {
		return nil, errChecksum
	}
	sum := crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value[:n])
	if sum != binary.LittleEndian.Uint32(value[n:]) {
		return nil, errChecksum
	}
	return value[:n], nil
}

// The flags of a head.
const (
	flagSweep = 1
	flagEpoch = 2
)

// head is what a document keeps about itself.
type head struct {
	name       string
	sweep      bool   // there may be something to remove
	generation uint64 // of the snapshot; 0: none
	chunks     uint64 // of the snapshot
	size       uint64 // of the snapshot, in bytes
	first      uint64 // sequence number of the first log record
	reached    uint64 // the log has all records from first to before this
	epoch      store.Epoch
}

func (h *head) append(b []byte) []byte {
	flags := uint64(0)
	if h.sweep {
		flags |= flagSweep
	}
	if h.epoch != (store.Epoch{}) {
		flags |= flagEpoch
	}
	b = binary.AppendUvarint(b, flags)
	for _, n := range [...]uint64{h.generation, h.chunks, h.size, h.first, h.reached} {
		b = binary.AppendUvarint(b, n)
	}
	if flags&flagEpoch != 0 {
		b = append(b, h.epoch[:]...)
	}
	return append(b, h.name...)
}

func decodeHead(b []byte) (h head, err error) {
	var flags uint64
	for _, n := range [...]*uint64{&flags, &h.generation, &h.chunks, &h.size, &h.first, &h.reached} {
		if *n, b, err = uvarint(b); err != nil {
			return head{}, err
		}
	}
	if h.sweep = flags&flagSweep != 0; flags&^(flagSweep|flagEpoch) != 0 {
		return head{}, errContent
	}
	if h.reached < h.first || (h.generation == 0) != (h.chunks == 0) || (h.size+chunkLen-1)/chunkLen != h.chunks {
		return head{}, errContent
	}
	if flags&flagEpoch != 0 {
		if len(b) < len(h.epoch) {
			return head{}, errContent
		}
		if b = b[copy(h.epoch[:], b):]; h.epoch == (store.Epoch{}) {
			return head{}, errContent
		}
	}
	h.name = string(b)
	return h, nil
}

// decodeNumber reads a content that is one number.
func decodeNumber(b []byte) (uint64, error) {
	n, rest, err := uvarint(b)
	if err == nil && len(rest) > 0 {
		err = errContent
	}
	return n, err
}

// logRecord gathers the parts of a log record while it is loaded.
type logRecord struct {
	parts  uint64   // how many there must be
	size   uint64   // bytes that the body must have
	have   uint64   // bytes of the body that are there
	pieces [][]byte // those bytes
}

// begin takes the content of part 0, and its memory.
func (r *logRecord) begin(content []byte) (err error) {
	*r = logRecord{pieces: r.pieces[:0]}
	if r.parts, content, err = uvarint(content); err != nil {
		return err
	}
	if r.size, content, err = uvarint(content); err != nil {
		return err
	}
	// A record has as few parts as possible.
	if r.parts == 0 || (r.size+chunkLen-1)/chunkLen != r.parts {
		return errContent
	}
	return r.add(content)
}

// add takes the content of the next part, and its memory.
func (r *logRecord) add(content []byte) error {
	r.have += uint64(len(content))
	r.pieces = append(r.pieces, content)
	if n := uint64(len(r.pieces)); n > r.parts || r.have > r.size || n == r.parts && r.have != r.size {
		return errContent
	}
	return nil
}

// complete tells if the last part has been taken.
func (r *logRecord) complete() bool { return r.parts > 0 && uint64(len(r.pieces)) == r.parts }

// updates appends the updates of a complete record. They share memory.
func (r *logRecord) updates(to [][]byte) ([][]byte, error) {
	body := r.pieces[0]
	if len(r.pieces) > 1 {
		body = slices.Concat(r.pieces...)
	}
	for b := body; len(b) > 0; {
		n, rest, err := uvarint(b)
		if err != nil {
			return to, err
		}
		if n == 0 || n > uint64(len(rest)) {
			return to, errContent
		}
		to = append(to, rest[:n:n])
		b = rest[n:]
	}
	return to, nil
}

// sizeBody is the length of a body with these updates.
func sizeBody(updates [][]byte) int {
	n := 0
	for _, u := range updates {
		n += sizeUvarint(uint64(len(u))) + len(u)
	}
	return n
}

// setRecord adds a log record that fits into one value.
func (b *batch) setRecord(number, serial uint64, updates [][]byte, body int) {
	key := appendItemKey(b.alloc(itemKeyLen), number, kindLog, serial, 0)
	value := b.alloc(2*binary.MaxVarintLen64 + body + checksumLen)
	value = binary.AppendUvarint(value, 1)
	value = binary.AppendUvarint(value, uint64(body))
	for _, u := range updates {
		value = binary.AppendUvarint(value, uint64(len(u)))
		value = append(value, u...)
	}
	b.set(key, value)
}

// uvarint reads a number and returns what follows it.
func uvarint(b []byte) (uint64, []byte, error) {
	n, used := binary.Uvarint(b)
	if used <= 0 {
		return 0, nil, fmt.Errorf("%w: bad number", errContent)
	}
	return n, b[used:], nil
}

// sizeUvarint is the length of binary.AppendUvarint(nil, n).
func sizeUvarint(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
