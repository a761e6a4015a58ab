package abi

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var outputs = []struct {
	name  string
	o     Output
	bytes string
}{
	{"nothing but a kind", Output{Kind: OutputClearAwareness, Payload: []byte{}}, "\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
	{"close", Output{Kind: OutputClose, Value: 4403, Conn: 0x01020304, Payload: []byte{}}, "\x02\x00\x33\x11\x04\x03\x02\x01\x00\x00\x00\x00"},
	{"send", Output{Kind: OutputSend, Conn: 1, Payload: []byte("abc")}, "\x03\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00abc"},
	{"highest numbers", Output{Kind: 0xffff, Value: 0xfffe, Conn: 0xfffffffd, Payload: []byte{0xff}}, "\xff\xff\xfe\xff\xfd\xff\xff\xff\x01\x00\x00\x00\xff"},
}

func TestOutput(t *testing.T) {
	for _, tt := range outputs {
		t.Run(tt.name, func(t *testing.T) {
			if got := AppendOutput([]byte("before"), tt.o); string(got) != "before"+tt.bytes {
				t.Errorf("written as %q", got)
			}
			got, rest, err := CutOutput([]byte(tt.bytes + "after"))
			if err != nil || string(rest) != "after" {
				t.Fatalf("%v, rest %q", err, rest)
			}
			if diff := cmp.Diff(tt.o, got); diff != "" {
				t.Error(diff)
			}
			for n := range len(tt.bytes) {
				if _, _, err := CutOutput([]byte(tt.bytes)[:n]); !errors.Is(err, ErrTruncated) {
					t.Errorf("cut at %d: %v", n, err)
				}
			}
		})
	}
	if _, _, err := CutOutput([]byte("\x03\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xffabc")); !errors.Is(err, ErrTruncated) {
		t.Errorf("a length of 4 GiB: %v", err)
	}
}

func TestAllocations(t *testing.T) {
	b := make([]byte, 0, 1024)
	o := Output{Kind: OutputSend, Conn: 1, Payload: make([]byte, 100)}
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := CutOutput(AppendOutput(b, o)); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzCutOutput(f *testing.F) {
	for _, tt := range outputs {
		f.Add([]byte(tt.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, rest, err := CutOutput(b)
		if err != nil {
			return
		}
		if again := append(AppendOutput(nil, o), rest...); !bytes.Equal(again, b) {
			t.Errorf("%q is written again as %q", b, again)
		}
	})
}
