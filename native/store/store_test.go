package store

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// span is a range of a client's ids.
type span struct{ client, start, length uint64 }

// gcs is an update that carries ids, as GC structs, and deletes others.
func gcs(ids, deletes []span) []byte {
	b := binary.AppendUvarint(nil, uint64(len(ids)))
	for _, s := range ids {
		b = append(b, 1)
		b = binary.AppendUvarint(b, s.client)
		b = binary.AppendUvarint(b, s.start)
		b = append(b, 0) // GC
		b = binary.AppendUvarint(b, s.length)
	}
	b = binary.AppendUvarint(b, uint64(len(deletes)))
	for _, s := range deletes {
		b = binary.AppendUvarint(b, s.client)
		b = append(b, 1)
		b = binary.AppendUvarint(b, s.start)
		b = binary.AppendUvarint(b, s.length)
	}
	return b
}

func TestReplaces(t *testing.T) {
	ids := func(s ...span) []byte { return gcs(s, nil) }
	dels := func(s ...span) []byte { return gcs(nil, s) }
	both := gcs
	empty := []byte{0, 0}
	const max = 1<<53 - 1
	for _, test := range []struct {
		name     string
		parts    [][]byte
		snapshot []byte
		n        int    // 0: refused
		reason   string // of the refusal, a part
	}{
		{"one", [][]byte{ids(span{1, 0, 3})}, ids(span{1, 0, 3}), 1, ""},
		{"two that meet", [][]byte{ids(span{1, 0, 3}), ids(span{1, 3, 2})}, ids(span{1, 0, 5}), 2, ""},
		{"the first of two", [][]byte{ids(span{1, 0, 3}), ids(span{1, 3, 2})}, ids(span{1, 0, 3}), 1, ""},
		{"out of order", [][]byte{ids(span{1, 3, 2}), ids(span{1, 0, 3})}, ids(span{1, 0, 5}), 2, ""},
		{"overlapping", [][]byte{ids(span{1, 0, 4}), ids(span{1, 2, 3})}, ids(span{1, 0, 5}), 2, ""},
		{"twice the same", [][]byte{ids(span{1, 0, 3}), ids(span{1, 0, 3}), ids(span{1, 1, 1})}, ids(span{1, 0, 3}), 3, ""},
		{"with an empty one", [][]byte{empty, ids(span{1, 0, 3}), empty, ids(span{1, 3, 1})}, ids(span{1, 0, 3}), 3, ""},
		{"only empty ones", [][]byte{empty, empty}, empty, 2, ""},
		{"pending ids", [][]byte{ids(span{1, 7, 3}), ids(span{2, 5, 1})}, ids(span{2, 5, 1}, span{1, 7, 3}), 2, ""},
		{"deletes", [][]byte{ids(span{1, 0, 9}), dels(span{1, 2, 3}), dels(span{1, 5, 1})}, both([]span{{1, 0, 9}}, []span{{1, 2, 4}}), 3, ""},
		{"deletes of unknown ids", [][]byte{dels(span{1, 2, 3})}, dels(span{1, 2, 3}), 1, ""},
		{"large numbers", [][]byte{ids(span{max, max - 5, 5})}, ids(span{max, max - 5, 5}), 1, ""},
		{"cut by a delete", [][]byte{ids(span{1, 0, 9}), dels(span{1, 2, 3}), ids(span{1, 9, 1})}, ids(span{1, 0, 9}), 1, ""},

		{"too few ids", [][]byte{ids(span{1, 0, 3})}, ids(span{1, 0, 2}), 0, "lacks"},
		{"no ids", [][]byte{ids(span{1, 0, 3})}, empty, 0, "lacks"},
		{"one of two clients", [][]byte{ids(span{1, 0, 3}), ids(span{2, 0, 3})}, ids(span{2, 0, 3}), 0, "lacks"},
		{"the second of two", [][]byte{ids(span{1, 0, 3}), ids(span{1, 3, 2})}, ids(span{1, 3, 2}), 0, "lacks"},
		{"the first of three", [][]byte{ids(span{1, 0, 1}), ids(span{1, 1, 1}), ids(span{1, 2, 1})}, both([]span{{1, 0, 1}}, nil), 1, ""},
		{"part of the second of two", [][]byte{ids(span{1, 0, 3}), ids(span{1, 3, 2})}, ids(span{1, 0, 4}), 0, "lacks"},
		{"an id too many", [][]byte{ids(span{1, 0, 3})}, ids(span{1, 0, 4}), 0, "not stored"},
		{"a client too many", [][]byte{ids(span{1, 0, 3})}, ids(span{2, 0, 1}, span{1, 0, 3}), 0, "not stored"},
		{"ids of nothing", nil, ids(span{1, 0, 3}), 0, "not stored"},
		{"too few deletes", [][]byte{dels(span{1, 0, 3})}, dels(span{1, 0, 2}), 0, "lacks"},
		{"no deletes", [][]byte{both([]span{{1, 0, 3}}, []span{{1, 0, 3}})}, ids(span{1, 0, 3}), 0, "lacks"},
		{"too many deletes", [][]byte{both([]span{{1, 0, 3}}, []span{{1, 0, 2}})}, both([]span{{1, 0, 3}}, []span{{1, 0, 3}}), 0, "not stored"},
		{"ids as deletes", [][]byte{ids(span{1, 0, 3})}, dels(span{1, 0, 3}), 0, "lacks"},
		{"no update", [][]byte{ids(span{1, 0, 3})}, []byte("hello"), 0, "decoded"},
		{"no bytes", [][]byte{ids(span{1, 0, 3})}, nil, 0, "decoded"},
		{"stored no update", [][]byte{ids(span{1, 0, 3}), {1}}, ids(span{1, 0, 3}), 0, "decoded"},
	} {
		n, err := Replaces(test.parts, test.snapshot)
		var refused *SnapshotError
		switch {
		case test.reason == "" && (err != nil || n != test.n):
			t.Errorf("%s: %d, %v; want %d", test.name, n, err, test.n)
		case test.reason != "" && (!errors.As(err, &refused) || n != 0 || !strings.Contains(err.Error(), test.reason)):
			t.Errorf("%s: %d, %v; want a refusal with %q", test.name, n, err, test.reason)
		}
		err = Verify(test.parts, test.snapshot)
		if good := test.reason == "" && test.n == len(test.parts); good != (err == nil) {
			t.Errorf("%s: Verify: %v", test.name, err)
		}
	}
	if n, err := Replaces(nil, empty); n != 0 || err != nil {
		t.Errorf("nothing for nothing: %d, %v", n, err)
	}
}

func TestErrors(t *testing.T) {
	cause := &lib0.Error{Offset: 3, Field: "clock"}
	for _, err := range []error{
		&CorruptError{Name: "a\x00b", Reason: "log record 3 is missing", Err: cause},
		&SnapshotError{Reason: "it cannot be decoded", Err: cause},
	} {
		var got *lib0.Error
		if !errors.As(err, &got) || got != cause || !strings.HasPrefix(err.Error(), "store: ") || strings.ContainsRune(err.Error(), 0) {
			t.Errorf("%q", err)
		}
	}
	if s := (&CorruptError{Name: "a", Reason: "x"}).Error(); s != `store: document "a" is damaged: x` {
		t.Error(s)
	}
}

func TestCheckName(t *testing.T) {
	for length, want := range map[int]error{0: ErrName, 1: nil, MaxName: nil, MaxName + 1: ErrName, 4096: ErrName} {
		if err := CheckName(strings.Repeat("\x00", length)); err != want {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}
