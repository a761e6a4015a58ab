package room

import (
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/codec"
)

func TestBroadcast(t *testing.T) {
	b := NewBroadcast(Config{QueueLimit: 500})
	for id := range Member(3) {
		b.Join(0, id+1)
	}
	b.JoinMany(0, 4)
	frames := []string{"", "\x00\x00\x01\x00", "\x00\x02\x02\x07\x01", "anything"}
	for _, f := range frames {
		if err := b.HandleFrame(0, 1, []byte(f)); err != nil {
			t.Error(err)
		}
	}
	if _, _, ok := b.Append(); ok || b.Appended() != 0 || b.Stored() != 0 || b.AwaitsStored() {
		t.Error("there is something to store")
	}
	if got := b.Ready(); !slices.Equal(got, []Member{2, 3, 4}) {
		t.Fatalf("ready: %v", got)
	}
	for _, id := range []Member{2, 3, 4} {
		got := b.Take(id, nil)
		if len(got) != len(frames) {
			t.Fatalf("%d got %q", id, got)
		}
		for i := range frames {
			if string(got[i]) != frames[i] {
				t.Errorf("%d got %q", id, got)
			}
		}
	}
	// One that may only read is not heard, and hears.
	b.Permit(0, 2, Access{})
	b.HandleWritten(0, 2)
	b.HandleFrame(0, 2, []byte("muted"))
	b.HandleFrame(0, 3, []byte("loud"))
	if got := b.Take(2, nil); len(got) != 1 || string(got[0]) != "loud" {
		t.Errorf("2 got %q", got)
	}
	b.Permit(0, 2, Access{Write: true})
	b.HandleFrame(0, 2, []byte("again"))
	if got := b.Take(1, nil); len(got) != 2 || string(got[1]) != "again" {
		t.Errorf("1 got %q", got)
	}
	// 3 and 4 are not written yet; their queues are bounded.
	for range 10 {
		b.HandleFrame(0, 2, make([]byte, 100))
	}
	if got := slices.Sorted(slices.Values(b.Overflowed())); !slices.Equal(got, []Member{1, 3, 4}) {
		t.Errorf("overflowed: %v", got)
	}
	b.Leave(0, 3)
	b.Leave(0, 3)
	b.HandleFrame(0, 3, []byte("late"))
	if s := b.Stats(); s.Members != 3 || b.Members() != 3 || s.Frames != 16 {
		t.Errorf("%+v", s)
	}
	// Who hears nothing gets a sign of life.
	b.HandleWritten(0, 2)
	b.HandleTime(b.NextWake())
	if got := b.Take(2, nil); len(got) != 1 || string(got[0]) != "\x01\x01\x00" {
		t.Errorf("2 got %q", got)
	}
	defer func() {
		if _, ok := recover().(codec.UsageError); !ok {
			t.Error("no UsageError")
		}
	}()
	b.JoinWeft(0, 9, Access{})
}
