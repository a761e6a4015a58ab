package codec

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzDecodeY checks that no bytes make DecodeY panic or fail with anything but
// a PeerError, and that what it accepts keeps its meaning when it is written
// and read again. (The bytes may differ: a varUint has longer forms.)
func FuzzDecodeY(f *testing.F) {
	for _, tt := range yFrames {
		f.Add(tt.frame)
	}
	f.Add([]byte{0x80, 0x00, 0x82, 0x00, 0x81, 0x00, 0xff})
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := DecodeY(frame)
		if err != nil {
			if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage {
				t.Fatalf("%x: %v", frame, err)
			}
			return
		}
		written := EncodeY(m)
		if len(written) > len(frame) {
			t.Fatalf("%x was written longer: %x", frame, written)
		}
		again, err := DecodeY(written)
		if err != nil || again.Kind != m.Kind || !bytes.Equal(again.Payload, m.Payload) {
			t.Fatalf("%x: %v %x was read again as %v %x, %v", frame, m.Kind, m.Payload, again.Kind, again.Payload, err)
		}
	})
}
