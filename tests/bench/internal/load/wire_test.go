package load

import (
	"bytes"
	"testing"

	"github.com/weft-sync/weft/core/codec"
)

// What the load program says must be what our own codec, made apart from it,
// understands.
func TestHelloIsYProtocol(t *testing.T) {
	frames := WireY.hello(nil, 1<<32-1, "Ada")
	want := []codec.Kind{codec.SyncStep1, codec.Awareness}
	if len(frames) != len(want) {
		t.Fatalf("%d frames, want %d", len(frames), len(want))
	}
	for i, f := range frames {
		m, err := codec.DecodeY(f)
		if err != nil {
			t.Fatalf("frame %d, % x: %v", i, f, err)
		}
		if m.Kind != want[i] {
			t.Errorf("frame %d: %v, want %v", i, m.Kind, want[i])
		}
	}
}

func TestSyncRoundTrip(t *testing.T) {
	payload := (&writer{id: 5}).appendNext(nil)
	for _, w := range []Wire{WireY, WireHocuspocus} {
		frame := appendSync(nil, w.prefix("a room"), syncUpdate, payload)
		kind, got, ok := w.sync(frame)
		if !ok || kind != syncUpdate || !bytes.Equal(got, payload) {
			t.Errorf("wire %d: kind %d, payload % x, %v", w, kind, got, ok)
		}
		for n := range frame {
			if _, _, ok := w.sync(frame[:n]); ok {
				t.Errorf("wire %d: a frame cut to %d bytes was read", w, n)
			}
		}
		presence := appendPresence(nil, w.prefix("a room"), 5, 1, "Ada")
		if _, _, ok := w.sync(presence); ok {
			t.Errorf("wire %d: presence was taken for a sync message", w)
		}
	}
}
