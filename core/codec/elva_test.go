package codec

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// elvaMessages are messages written out by hand, in ELVA's bytes and in those of
// v0.33, as measured on ELVA's own codec and on the wire.
var elvaMessages = []struct {
	want      Message
	elva, v33 string
}{
	{Message{SyncStep1, []byte("ab")}, "\x00\x00\x02ab", "\x00\x00\x02ab"},
	{Message{SyncStep2, []byte("ab")}, "\x00\x01\x02ab", "\x00\x01\x02ab"},
	{Message{SyncUpdate, []byte("ab")}, "\x00\x02\x02ab", "\x00\x02\x02ab"},
	{Message{SyncCross, []byte("ab")}, "\x00\x03\x02ab", "\x00\x03\x02ab"},
	{Message{Awareness, []byte("ab")}, "\x01\x02ab", "\x01\x02ab"},
	{Message{ID, []byte("ab")}, "\x49\x44\x02ab", "\x02\x00\x02ab"},
	{Message{Read, []byte("ab")}, "\x52\x4f\x02ab", "\x02\x01\x02ab"},
	{Message{ReadWrite, []byte("ab")}, "\x52\x57\x02ab", "\x02\x02\x02ab"},
	{Message{DataRequest, []byte("ab")}, "\x44\x01\x02ab", "\x03\x00\x02ab"},
	{Message{DataOffer, []byte("ab")}, "\x44\x02\x02ab", "\x03\x01\x02ab"},
	{Message{DataOrder, []byte("ab")}, "\x44\x03\x02ab", "\x03\x02\x02ab"},
	{Message{DataTransfer, []byte("ab")}, "\x44\x04\x02ab", "\x03\x03\x02ab"},
	{Message{SyncStep1, []byte{}}, "\x00\x00\x00", "\x00\x00\x00"},
	{Message{SyncStep1, []byte{0}}, "\x00\x00\x01\x00", "\x00\x00\x01\x00"},
	{Message{SyncStep2, []byte{0, 0}}, "\x00\x01\x02\x00\x00", "\x00\x01\x02\x00\x00"},
	{Message{SyncStep1, long}, "\x00\x00\xc8\x01" + string(long), "\x00\x00\xc8\x01" + string(long)},
	{Message{SyncCross, AppendCross(nil, []byte{0, 0}, []byte{0})}, "\x00\x03\x05\x02\x00\x00\x01\x00", "\x00\x03\x05\x02\x00\x00\x01\x00"},
}

// eachELVA calls do with each message of the table in each framing.
func eachELVA(t *testing.T, do func(t *testing.T, f *Framing, m Message, bytes []byte)) {
	for _, tt := range elvaMessages {
		for f, b := range map[*Framing]string{ELVA: tt.elva, ELVA33: tt.v33} {
			t.Run(f.String()+"/"+tt.want.Kind.String(), func(t *testing.T) { do(t, f, tt.want, []byte(b)) })
		}
	}
}

func TestELVACoversAllKinds(t *testing.T) {
	for k := SyncStep1; k <= DataTransfer; k++ {
		onlyY := k == Auth || k == QueryAwareness
		for _, f := range []*Framing{ELVA, ELVA33} {
			if f.Has(k) == onlyY {
				t.Errorf("%v has %v: %v", f, k, f.Has(k))
			}
		}
		tested := slices.ContainsFunc(elvaMessages, func(tt struct {
			want      Message
			elva, v33 string
		}) bool {
			return tt.want.Kind == k
		})
		if tested == onlyY {
			t.Errorf("%v in the table: %v", k, tested)
		}
	}
}

func TestELVADecode(t *testing.T) {
	eachELVA(t, func(t *testing.T, f *Framing, want Message, b []byte) {
		got, err := f.Decode(b)
		if err != nil || got.Kind != want.Kind || !bytes.Equal(got.Payload, want.Payload) {
			t.Fatalf("Decode: got %v %x, %v", got.Kind, got.Payload, err)
		}
		for cut := range b {
			_, err := f.Decode(b[:cut])
			wantBadMessage(t, err, lib0.Truncated)
		}
		_, err = f.Decode(append(bytes.Clone(b), 0))
		wantBadMessage(t, err, lib0.TrailingBytes)

		got, rest, err := f.Cut(append(bytes.Clone(b), "next"...))
		if err != nil || got.Kind != want.Kind || !bytes.Equal(got.Payload, want.Payload) || string(rest) != "next" {
			t.Errorf("Cut: got %v %x, rest %q, %v", got.Kind, got.Payload, rest, err)
		}
	})
}

func TestELVACutKind(t *testing.T) {
	eachELVA(t, func(t *testing.T, f *Framing, want Message, b []byte) {
		for k := SyncStep1; k <= DataTransfer; k++ {
			if !f.Has(k) {
				continue
			}
			payload, rest, err := f.CutKind(k, append(bytes.Clone(b), "next"...))
			if k == want.Kind {
				if err != nil || !bytes.Equal(payload, want.Payload) || string(rest) != "next" {
					t.Errorf("got %x, rest %q, %v", payload, rest, err)
				}
				continue
			}
			if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage || payload != nil || rest != nil {
				t.Errorf("read as %v: got %x, %v; want it refused", k, payload, err)
			}
		}
	})
}

func TestELVAAppend(t *testing.T) {
	eachELVA(t, func(t *testing.T, f *Framing, m Message, b []byte) {
		if got := f.Append([]byte("before"), m); string(got) != "before"+string(b) {
			t.Errorf("got %x, want %x", got, b)
		}
		if f.Size(m) != len(b) {
			t.Errorf("Size: got %d, want %d", f.Size(m), len(b))
		}
	})
}

// TestELVARefuses checks what ELVA itself reads wrongly, or fails on with an
// IndexError.
func TestELVARefuses(t *testing.T) {
	truncated := []string{"", "\x00", "\x00\x00", "\x01", "I", "ID", "R", "D", "\x00\x01\x05\xaa\xbb", "\x01\x80", "\x00\x02\xff\xff\xff\xff\x0f"}
	for _, b := range truncated {
		_, _, err := ELVA.Cut([]byte(b))
		wantBadMessage(t, err, lib0.Truncated)
	}
	for _, b := range []string{"\x02", "\x03"} {
		_, _, err := ELVA33.Cut([]byte(b))
		wantBadMessage(t, err, lib0.Truncated)
	}
	_, _, err := ELVA.Cut([]byte("\x00\x02\x80\x80\x80\x80\x80\x80\x80\x10"))
	wantBadMessage(t, err, lib0.Overflow)

	unknown := map[*Framing][]string{
		ELVA: {
			"\x03",             // the y framing's QueryAwareness
			"\x03\x01",         // as ELVA's own test has it
			"\x02\x00\x02ab",   // ID of v0.33
			"\x80\x00\x00\x01", // a magic is no varUint
			"\x00\x04\x00", "\x04", "D\x00\x00", "D\x05\x00", "RR\x00", "IO\x00", "id\x02ab",
		},
		ELVA33: {"ID\x02ab", "RO\x00", "D\x01\x00", "\x02\x03\x00", "\x03\x04\x00", "\x04\x00"},
	}
	for f, frames := range unknown {
		for _, b := range frames {
			_, _, err := f.Cut([]byte(b))
			if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage || pe.Err != nil {
				t.Errorf("%v %x: got %v, want an unknown message", f, b, err)
			}
		}
	}
}

func TestCutID(t *testing.T) {
	for f, id := range map[*Framing]string{
		ELVA:   "\x49\x44\x0edoc-0123456789",
		ELVA33: "\x02\x00\x0edoc-0123456789",
	} {
		for _, rest := range []string{"", "\x00\x00\x01\x00", "\xff anything"} {
			frame := f.AppendID(nil, "doc-0123456789")
			if string(frame) != id || f.SizeID("doc-0123456789") != len(id) {
				t.Fatalf("%v: AppendID %x of size %d, want %x", f, frame, f.SizeID("doc-0123456789"), id)
			}
			got, after, err := f.CutID([]byte(id + rest))
			if err != nil || string(got) != "doc-0123456789" || string(after) != rest {
				t.Errorf("%v: got %q, rest %x, %v", f, got, after, err)
			}
			if d := DetectELVA([]byte(id + rest)); d != f {
				t.Errorf("%v: detected as %v", f, d)
			}
		}
		for cut := range id {
			_, _, err := f.CutID([]byte(id[:cut]))
			wantBadMessage(t, err, lib0.Truncated)
		}
		// Every string is a name as far as the framing goes.
		for _, name := range []string{"", "a/b?x=1", "\u00e9\U0001f9f5", strings.Repeat("x", 300)} {
			got, rest, err := f.CutID(f.AppendID(nil, name))
			if err != nil || string(got) != name || len(rest) != 0 {
				t.Errorf("%q: got %q, %x, %v", name, got, rest, err)
			}
		}
		_, _, err := f.CutID(f.AppendID(nil, "\xff"))
		wantBadMessage(t, err, lib0.InvalidUTF8)
	}

	// A frame without an ID is refused, not read as if it had one.
	for _, frame := range []string{"\x00\x00\x01\x00", "RO\x02ab", "\x01\x01\x00", "\x04", "text"} {
		for _, f := range []*Framing{ELVA, ELVA33} {
			_, _, err := f.CutID([]byte(frame))
			if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage {
				t.Errorf("%v %x: got %v", f, frame, err)
			}
		}
		if d := DetectELVA([]byte(frame)); d != nil {
			t.Errorf("%x: detected as %v", frame, d)
		}
	}
}

func TestDecodeCross(t *testing.T) {
	for _, tt := range []struct{ update, vector, want []byte }{
		{[]byte{0, 0}, []byte{0}, []byte{2, 0, 0, 1, 0}},
		{nil, nil, []byte{0, 0}},
		{long, []byte{1, 1, 5}, slices.Concat([]byte{0xc8, 1}, long, []byte{3, 1, 1, 5})},
	} {
		payload := AppendCross(nil, tt.update, tt.vector)
		if !bytes.Equal(payload, tt.want) {
			t.Errorf("got %x, want %x", payload, tt.want)
		}
		u, v, err := DecodeCross(payload)
		if err != nil || !bytes.Equal(u, tt.update) || !bytes.Equal(v, tt.vector) {
			t.Errorf("got %x, %x, %v", u, v, err)
		}
		for cut := range payload {
			_, _, err := DecodeCross(payload[:cut])
			wantBadMessage(t, err, lib0.Truncated)
		}
		_, _, err = DecodeCross(append(payload, 0))
		wantBadMessage(t, err, lib0.TrailingBytes)
	}
}

func TestFramingUnknownKindPanics(t *testing.T) {
	for name, do := range map[string]func(){
		"Append":  func() { ELVA.Append(nil, Message{Kind: QueryAwareness}) },
		"Size":    func() { ELVA.Size(Message{Kind: Auth}) },
		"zero":    func() { ELVA.Append(nil, Message{}) },
		"beyond":  func() { ELVA33.Append(nil, Message{Kind: 99}) },
		"CutKind": func() { _, _, _ = ELVA.CutKind(Auth, nil) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(UsageError); !ok {
					t.Errorf("%s: no UsageError", name)
				}
			}()
			do()
		}()
	}
}

func TestFramingAllocs(t *testing.T) {
	b := make([]byte, 0, 1024)
	frame := ELVA.Append(ELVA.AppendID(nil, "document"), Message{SyncUpdate, long})
	allocs := testing.AllocsPerRun(100, func() {
		id, rest, err := ELVA.CutID(frame)
		if err != nil || len(id) != 8 {
			t.Fatal(err)
		}
		m, _, err := ELVA.Cut(rest)
		if err != nil {
			t.Fatal(err)
		}
		b = ELVA.Append(ELVA.AppendID(b[:0], "document"), m)
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}

func BenchmarkELVACut(b *testing.B) {
	frame := ELVA.Append(ELVA.AppendID(nil, "document"), Message{SyncUpdate, bytes.Repeat([]byte{1}, 30)})
	b.ReportAllocs()
	for b.Loop() {
		_, rest, err := ELVA.CutID(frame)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ELVA.Decode(rest); err != nil {
			b.Fatal(err)
		}
	}
}
