package room

import (
	"testing"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// A small encoder of updates in format v1, so that tests do not trust the
// program's own (yjs@13.6.33/src/structs/Item.js#write).

// insert returns an update in which a client appends text to what it wrote
// before, up to clock.
func insert(client, clock uint64, text string) []byte {
	b := []byte{1, 1} // one client, one struct
	b = lib0.AppendUint(b, client)
	b = lib0.AppendUint(b, clock)
	if clock == 0 {
		b = append(b, 4, 1) // ContentString, and its parent is named
		b = lib0.AppendString(b, "text")
	} else {
		b = append(b, 4|0x80) // with an origin
		b = lib0.AppendUint(b, client)
		b = lib0.AppendUint(b, clock-1)
	}
	b = lib0.AppendString(b, text)
	return append(b, 0) // no deletes
}

// remove returns an update that deletes n units of a client from clock on.
func remove(client, clock, n uint64) []byte {
	b := []byte{0, 1} // no structs, one client
	b = lib0.AppendUint(b, client)
	b = append(b, 1)
	b = lib0.AppendUint(b, clock)
	return lib0.AppendUint(b, n)
}

// vector returns an encoded state vector of pairs of client and clock.
func vector(pairs ...uint64) []byte {
	b := lib0.AppendUint(nil, uint64(len(pairs)/2))
	for _, n := range pairs {
		b = lib0.AppendUint(b, n)
	}
	return b
}

// sameContent checks that two documents hold the same ids and deletes.
func sameContent(t testing.TB, what string, got, want *update.Doc) {
	t.Helper()
	gotIDs, gotDeletes, err := update.Contents(got.Encode())
	if err != nil {
		t.Fatal(err)
	}
	wantIDs, wantDeletes, err := update.Contents(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !gotIDs.Equal(wantIDs) || !gotDeletes.Equal(wantDeletes) {
		t.Fatalf("%s: got %s, want %s", what, describeUpdate(got.Encode()), describeUpdate(want.Encode()))
	}
}
