package codec

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// long makes a payload whose length takes two bytes.
var long = bytes.Repeat([]byte{0xab}, 200)

// yFrames are frames written out by hand, so that a mistake in AppendY cannot
// hide one in DecodeY. The first ones are measured on the wire between
// y-websocket, ELVA and their servers.
var yFrames = []struct {
	name  string
	frame []byte
	want  Message
}{
	{"step1 of an empty document", []byte{0, 0, 1, 0}, Message{SyncStep1, []byte{0}}},
	{"step1", []byte{0, 0, 3, 1, 1, 5}, Message{SyncStep1, []byte{1, 1, 5}}},
	{"empty step2", []byte{0, 1, 2, 0, 0}, Message{SyncStep2, []byte{0, 0}}},
	{"update", []byte{0, 2, 2, 'a', 'b'}, Message{SyncUpdate, []byte("ab")}},
	{"empty awareness", []byte{1, 1, 0}, Message{Awareness, []byte{0}}},
	{"permission denied", append([]byte{2, 0, 4}, "n\u00e8t"...), Message{Auth, []byte("n\u00e8t")}},
	{"query awareness", []byte{3}, Message{QueryAwareness, nil}},
	{"no payload", []byte{0, 0, 0}, Message{SyncStep1, []byte{}}},
	{"length of two bytes", append([]byte{0, 2, 0xc8, 0x01}, long...), Message{SyncUpdate, long}},
}

func TestDecodeY(t *testing.T) {
	for _, tt := range yFrames {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeY(tt.frame)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != tt.want.Kind || !bytes.Equal(got.Payload, tt.want.Payload) {
				t.Errorf("got %v %x, want %v %x", got.Kind, got.Payload, tt.want.Kind, tt.want.Payload)
			}

			for cut := range tt.frame {
				_, err := DecodeY(tt.frame[:cut])
				wantBadMessage(t, err, lib0.Truncated)
			}
			_, err = DecodeY(append(bytes.Clone(tt.frame), 0))
			wantBadMessage(t, err, lib0.TrailingBytes)
		})
	}
}

func TestAppendY(t *testing.T) {
	for _, tt := range yFrames {
		t.Run(tt.name, func(t *testing.T) {
			if got := AppendY([]byte("before"), tt.want); string(got) != "before"+string(tt.frame) {
				t.Errorf("AppendY: got %x, want %x", got, tt.frame)
			}
			got := EncodeY(tt.want)
			if !bytes.Equal(got, tt.frame) {
				t.Errorf("EncodeY: got %x, want %x", got, tt.frame)
			}
			if SizeY(tt.want) != len(got) {
				t.Errorf("SizeY: got %d, want %d", SizeY(tt.want), len(got))
			}
		})
	}
}

func TestDecodeYPayloadAliasesFrame(t *testing.T) {
	frame := []byte{0, 2, 2, 'a', 'b'}
	m, err := DecodeY(frame)
	if err != nil {
		t.Fatal(err)
	}
	if &m.Payload[0] != &frame[3] {
		t.Error("the payload is a copy")
	}
}

func TestDecodeYMalformed(t *testing.T) {
	tests := []struct {
		name  string
		frame []byte
		want  lib0.Reason
	}{
		{"empty", nil, lib0.Truncated},
		{"unfinished type", []byte{0x80}, lib0.Truncated},
		{"unfinished sync type", []byte{0, 0x80}, lib0.Truncated},
		{"unfinished length", []byte{1, 0x80}, lib0.Truncated},
		{"length beyond the end", []byte{0, 1, 5, 0xaa, 0xbb}, lib0.Truncated},
		{"length of 2^53-1", []byte{0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}, lib0.Truncated},
		{"length past 2^53-1", []byte{0, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10}, lib0.Overflow},
		{"type past 2^53-1", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, lib0.Overflow},
		{"two messages", []byte{1, 1, 0, 1, 1, 0}, lib0.TrailingBytes},
		{"bytes after a query", []byte{3, 0}, lib0.TrailingBytes},
		{"reason that is not UTF-8", []byte{2, 0, 1, 0xff}, lib0.InvalidUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeY(tt.frame)
			wantBadMessage(t, err, tt.want)
		})
	}
}

func TestDecodeYUnknown(t *testing.T) {
	for _, frame := range [][]byte{
		{4},                     // no message type
		{4, 1, 0},               // the same with what might be a payload
		{0x80, 0x01},            // type 128
		{0, 3, 1, 0},            // ELVA's SYNC_CROSS
		{0x49, 0x44, 2, 0, 0},   // ELVA's ID
		{2, 1, 0},               // no auth message
		{0, 0xff, 0x7f, 1, 0},   // sync type 16383
		[]byte(`{"type":"hi"}`), // somebody else's protocol
	} {
		_, err := DecodeY(frame)
		pe, ok := errors.AsType[*PeerError](err)
		if !ok || pe.Code != BadMessage || pe.Err != nil {
			t.Errorf("%x: got %v, want an unknown message type", frame, err)
		}
	}
}

func TestAppendYUnknownKindPanics(t *testing.T) {
	for _, k := range []Kind{0, 99} {
		func() {
			defer func() {
				if _, ok := recover().(UsageError); !ok {
					t.Errorf("%v: no UsageError", k)
				}
			}()
			AppendY(nil, Message{Kind: k})
		}()
	}
}

func TestYAllocs(t *testing.T) {
	b := make([]byte, 0, 1024)
	for _, tt := range yFrames {
		allocs := testing.AllocsPerRun(100, func() {
			m, err := DecodeY(tt.frame)
			if err != nil {
				t.Fatal(err)
			}
			b = AppendY(b[:0], m)
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations, want none", tt.name, allocs)
		}
	}
}

// wantBadMessage checks for a PeerError that closes with BadMessage because of
// a lib0 error with the given reason, and has a reason that a close frame takes.
func wantBadMessage(t *testing.T, err error, reason lib0.Reason) {
	t.Helper()
	pe, ok := errors.AsType[*PeerError](err)
	if !ok || pe.Code != BadMessage {
		t.Fatalf("got %v, want a PeerError with BadMessage", err)
	}
	if pe.Reason == "" || len(pe.Reason) > 123 {
		t.Errorf("reason %q does not fit a close frame", pe.Reason)
	}
	le, ok := errors.AsType[*lib0.Error](err)
	if !ok || le.Reason != reason {
		t.Errorf("got %v, want %v", err, reason)
	}
	if !strings.Contains(err.Error(), "4400") {
		t.Errorf("error text %q does not name the code", err)
	}
}

func BenchmarkDecodeY(b *testing.B) {
	frame := EncodeY(Message{SyncUpdate, bytes.Repeat([]byte{1}, 30)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeY(frame); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeY(b *testing.B) {
	m := Message{SyncUpdate, bytes.Repeat([]byte{1}, 30)}
	b.ReportAllocs()
	for b.Loop() {
		EncodeY(m)
	}
}
