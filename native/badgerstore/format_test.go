package badgerstore

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/weft-sync/weft/native/store"
)

func TestKeys(t *testing.T) {
	// In the order of the database.
	ordered := [][]byte{
		{prefixCounter},
		appendHeadKey(nil, 1),
		appendItemKey(nil, 1, kindSnapshot, 1, 0),
		appendItemKey(nil, 1, kindSnapshot, 1, 255),
		appendItemKey(nil, 1, kindSnapshot, 1, 256),
		appendItemKey(nil, 1, kindSnapshot, 2, 0),
		appendItemKey(nil, 1, kindSnapshot, math.MaxUint64, math.MaxUint32),
		appendItemKey(nil, 1, kindLog, 1, 0),
		appendItemKey(nil, 1, kindLog, 1, 1),
		appendItemKey(nil, 1, kindLog, 256, 0),
		appendItemKey(nil, 1, kindLog, math.MaxUint64, math.MaxUint32),
		appendHeadKey(nil, 2),
		appendHeadKey(nil, 256),
		appendHeadKey(nil, math.MaxUint64),
		lastDataKey(),
		appendNameKey(nil, "\x00"),
		afterName("\x00"),
		appendNameKey(nil, "\x00\x01"),
		appendNameKey(nil, "a"),
		afterName("a"),
		appendNameKey(nil, "b"),
		{prefixFormat},
		appendRemovalKey(nil, 1),
		appendRemovalKey(nil, 2),
	}
	if !slices.IsSortedFunc(ordered, bytes.Compare) {
		t.Errorf("out of order: %q", ordered)
	}
	for _, want := range []struct {
		kind   byte
		serial uint64
		part   uint32
	}{{kindSnapshot, 1, 2}, {kindLog, math.MaxUint64, math.MaxUint32}, {kindLog, 0, 0}} {
		key := appendItemKey(nil, 77, want.kind, want.serial, want.part)
		kind, serial, part, ok := itemKey(key)
		number, _ := numberOf(key)
		if !ok || kind != want.kind || serial != want.serial || part != want.part || number != 77 || len(key) != itemKeyLen {
			t.Errorf("%v: %c %d %d %v, document %d", want, kind, serial, part, ok, number)
		}
		for n := range len(key) {
			if _, _, _, ok := itemKey(key[:n]); ok {
				t.Errorf("%v: cut off at %d is a key", want, n)
			}
		}
		if _, _, _, ok := itemKey(append(key, 0)); ok {
			t.Errorf("%v: with a byte more is a key", want)
		}
	}
	if kind, _, _, ok := itemKey(appendHeadKey(nil, 1)); !ok || kind != kindHead {
		t.Error("a head key is not one")
	}
}

func TestHead(t *testing.T) {
	for _, want := range []head{
		{name: "a", first: 1, reached: 1},
		{name: "\x00\xff/", sweep: true, generation: 3, chunks: 1, size: 1, first: 500, reached: 500},
		{name: "with an epoch", sweep: true, first: 1, reached: 1, epoch: store.NewEpoch()},
		{name: "long", generation: math.MaxUint64, chunks: 4, size: 3*chunkLen + 1, first: 9, reached: math.MaxUint64},
	} {
		b := want.append(nil)
		got, err := decodeHead(b)
		if err != nil || got != want {
			t.Errorf("%+v: %+v, %v", want, got, err)
		}
		for n := range len(b) - len(want.name) {
			if h, err := decodeHead(b[:n]); err == nil {
				t.Errorf("%+v: cut off at %d: %+v", want, n, h)
			}
		}
	}
	for _, wrong := range []head{
		{first: 2, reached: 1},
		{generation: 1, first: 1, reached: 1},
		{chunks: 1, size: 1, first: 1, reached: 1},
		{generation: 1, chunks: 2, size: chunkLen, first: 1, reached: 1},
		{generation: 1, chunks: math.MaxUint64, size: 1, first: 1, reached: 1},
	} {
		if h, err := decodeHead(wrong.append(nil)); !errors.Is(err, errContent) {
			t.Errorf("%+v: %+v, %v", wrong, h, err)
		}
	}
}

func TestChecksum(t *testing.T) {
	key := []byte("key")
	value := appendChecksum([]byte("content"), key)
	if got, err := checkValue(key, value); err != nil || string(got) != "content" {
		t.Fatalf("%q, %v", got, err)
	}
	for i := range value {
		bad := bytes.Clone(value)
		bad[i] ^= 4
		if _, err := checkValue(key, bad); !errors.Is(err, errChecksum) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := checkValue(key, value[:i]); !errors.Is(err, errChecksum) {
			t.Errorf("cut off at %d: %v", i, err)
		}
	}
	if _, err := checkValue([]byte("kez"), value); !errors.Is(err, errChecksum) {
		t.Errorf("under another key: %v", err)
	}
	if _, err := checkValue(key, append(value, 0)); !errors.Is(err, errChecksum) {
		t.Errorf("with a byte more: %v", err)
	}
}

// FuzzHead: whatever is accepted is written the same way.
func FuzzHead(f *testing.F) {
	f.Add((&head{name: "a", first: 1, reached: 1}).append(nil))
	f.Add((&head{name: "e", epoch: store.NewEpoch(), first: 1, reached: 1}).append(nil))
	f.Add((&head{name: "b", sweep: true, generation: 3, chunks: 1, size: 1, first: 500, reached: 500}).append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decodeHead(b)
		if err != nil {
			return
		}
		again, err := decodeHead(h.append(nil))
		if err != nil || again != h {
			t.Errorf("%+v became %+v, %v", h, again, err)
		}
	})
}

// FuzzLogRecord: parts never panic, never allocate more than they bring, and
// updates are never empty nor longer than the parts.
func FuzzLogRecord(f *testing.F) {
	f.Add([]byte{1, 2, 1, 'x'}, []byte{})
	f.Add([]byte{1, 6, 1, 'x', 3, 'a', 'b', 'c'}, []byte{})
	f.Add([]byte{2, 0x81, 0x80, 0x10, 1}, []byte("more"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var r logRecord
		if r.begin(first) != nil {
			return
		}
		if !r.complete() && r.add(second) != nil {
			return
		}
		if !r.complete() {
			return
		}
		updates, err := r.updates(nil)
		if err != nil {
			return
		}
		total := 0
		for _, u := range updates {
			if len(u) == 0 {
				t.Error("an empty update")
			}
			total += len(u)
		}
		if total > len(first)+len(second) {
			t.Errorf("%d bytes from %d", total, len(first)+len(second))
		}
	})
}

// FuzzTable: no table makes the check panic.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte("abcdefgh\x00\x00\x00\x08\x10\x00\x00\x00\x00\x02"))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = checkTable(b) })
}
