package codec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
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

// FuzzFraming checks the same of a frame of several messages, in each framing.
func FuzzFraming(f *testing.F) {
	for _, tt := range elvaMessages {
		f.Add([]byte(tt.elva + tt.elva))
		f.Add([]byte(tt.v33))
	}
	f.Add([]byte("ID\x80\x00\x00\x00\x81\x00\xff"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, framing := range []*Framing{ELVA, ELVA33} {
			for b := frame; len(b) > 0; {
				m, rest, err := framing.Cut(b)
				if err != nil {
					if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage {
						t.Fatalf("%v %x: %v", framing, b, err)
					}
					break
				}
				written := framing.Append(nil, m)
				if len(written) > len(b)-len(rest) || len(written) != framing.Size(m) {
					t.Fatalf("%v %x was written as %x", framing, b, written)
				}
				again, err := framing.Decode(written)
				if err != nil || again.Kind != m.Kind || !bytes.Equal(again.Payload, m.Payload) {
					t.Fatalf("%v %x: %v %x was read again as %v %x, %v", framing, b, m.Kind, m.Payload, again.Kind, again.Payload, err)
				}
				b = rest
			}
			if id, rest, err := framing.CutID(frame); err == nil {
				written := framing.AppendID(nil, string(id))
				if len(written)+len(rest) > len(frame) || DetectELVA(written) != framing {
					t.Fatalf("%v %x: ID %x was written as %x", framing, frame, id, written)
				}
			}
			if m, err := framing.Decode(frame); err == nil && m.Kind == SyncCross {
				u, v, err := DecodeCross(m.Payload)
				if err == nil && len(AppendCross(nil, u, v)) > len(m.Payload) {
					t.Fatalf("%x was written longer", m.Payload)
				}
			}
		}
	})
}

// FuzzWeft checks that no bytes make the weft framing panic or fail with anything
// but a PeerError, and that what is accepted keeps its meaning when it is written
// and read again.
func FuzzWeft(f *testing.F) {
	for _, tt := range weftFrames {
		frame, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		_, rest, err := CutWeft(frame)
		if err == nil {
			err = EachWeft(rest, func(m Message) error {
				value, encoded, err := notice(m)
				if err != nil {
					return err
				}
				again, _, err := notice(Message{m.Kind, encoded})
				if err != nil || again != value {
					t.Fatalf("%v %+v was read again as %+v, %v", m.Kind, value, again, err)
				}
				return nil
			})
		}
		if err != nil {
			wantPeerError(t, err)
		}
	})
}
