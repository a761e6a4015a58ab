package coretest_test

import (
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

func merge(t *testing.T, updates ...[]byte) []byte {
	t.Helper()
	u, err := update.Merge(updates...)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// anyRun is an update with an item of several Any values, at clock 0 of client 1.
func anyRun(first int, texts ...string) []byte {
	b := []byte{1, 1, 1, byte(first), 8}
	if first > 0 {
		b[4] |= 0x80
		b = append(b, 1, byte(first-1))
	} else {
		b = append(b, 1, 4, 'l', 'i', 's', 't')
	}
	b = append(b, byte(len(texts)))
	for _, s := range texts {
		b = lib0.AppendString(append(b, 119), s)
	}
	return append(b, 0)
}

func TestDifference(t *testing.T) {
	id := func(client, clock uint64) *coretest.ID { return &coretest.ID{Client: client, Clock: clock} }
	abcd := coretest.Typing(1, 0, nil, "abcd")
	for _, test := range []struct {
		name, want string
		a, b       []byte
	}{
		{"the same bytes", "", abcd, abcd},
		{"cut differently", "", abcd,
			merge(t, coretest.Typing(1, 0, nil, "ab"), coretest.Typing(1, 2, id(1, 1), "cd"))},
		{"a surrogate pair", "", coretest.Typing(1, 0, nil, "a\U0001F600"),
			merge(t, coretest.Typing(1, 0, nil, "a"), coretest.Typing(1, 1, id(1, 0), "\U0001F600"))},
		{"values, cut differently", "", anyRun(0, "x", "y", "z"), merge(t, anyRun(0, "x"), anyRun(1, "y", "z"))},
		{"another value", "different content at 1:1", anyRun(0, "x", "y"), anyRun(0, "x", "z")},
		{"another letter", "different content at 1:2", abcd, coretest.Typing(1, 0, nil, "abxd")},
		{"another place", "different content at 1:2", abcd,
			merge(t, coretest.Typing(1, 0, nil, "ab"), coretest.Typing(1, 2, id(1, 0), "cd"))},
		{"content missing", "the second lacks content 1:0-4", abcd, coretest.Typing(1, 0, nil, "abc")},
		{"content too much", "the first lacks content 2:0-1", abcd, merge(t, abcd, coretest.Typing(2, 0, id(1, 0), "x"))},
		{"a deletion missing", "the second lacks deletion 1:1-3",
			merge(t, abcd, coretest.Deleting(coretest.ID{Client: 1, Clock: 1}, 2)), abcd},
		{"nonsense", "the first cannot be read", []byte{1, 2, 3}, abcd},
	} {
		got := coretest.Difference(test.a, test.b)
		if got == "" != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
