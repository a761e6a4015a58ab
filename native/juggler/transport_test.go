package juggler

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSegments(t *testing.T) {
	for _, text := range []string{
		"", "a", "ž",
		strings.Repeat("a", segmentSize-1), strings.Repeat("a", segmentSize), strings.Repeat("a", segmentSize+1),
		strings.Repeat("a", 2*segmentSize), strings.Repeat("a", 2*segmentSize+1),
		strings.Repeat("🧵", segmentSize), "a" + strings.Repeat("🧵", segmentSize), "aa" + strings.Repeat("ž€🧵", segmentSize),
	} {
		message := append([]byte{lastSegment}, text...)
		var parts assembler
		for offset, segments := 0, 1; ; segments++ {
			frame, next := nextSegment(message, offset)
			if len(frame) > 1+segmentSize || !utf8.Valid(frame) {
				t.Fatalf("%d bytes: a frame of %d, UTF-8 %v", len(text), len(frame), utf8.Valid(frame))
			}
			last := frame[0] == lastSegment
			if last != (next == len(message)) {
				t.Fatalf("%d bytes: kind %q at %d", len(text), frame[0], next)
			}
			got, ok := parts.add(frame[1:], last, int64(len(text)))
			if !ok {
				t.Fatalf("%d bytes: segment %d is refused", len(text), segments)
			}
			if offset = next; last {
				if string(got) != text {
					t.Errorf("%d bytes became %d", len(text), len(got))
				}
				if fewest := (len(text) + segmentSize - 1) / segmentSize; segments > fewest+1 {
					t.Errorf("%d bytes in %d segments", len(text), segments)
				}
				break
			}
		}
		if message[0] != lastSegment || string(message[1:]) != text {
			t.Errorf("%d bytes: the message was changed", len(text))
		}
	}
}

func TestTheAssemblersLimit(t *testing.T) {
	var parts assembler
	for i := range 10 {
		if _, ok := parts.add(make([]byte, 10), false, 105); !ok {
			t.Fatalf("segment %d is refused", i)
		}
	}
	if _, ok := parts.add(make([]byte, 6), true, 105); ok {
		t.Error("a message of 106 bytes passes")
	}
	if got, ok := parts.add(make([]byte, 5), true, 105); !ok || len(got) != 105 {
		t.Errorf("a message of 105 bytes: %d, %v", len(got), ok)
	}
	if got, ok := parts.add(make([]byte, 105), true, 105); !ok || len(got) != 105 {
		t.Errorf("the next one: %d, %v", len(got), ok)
	}
}

// FuzzFrames feeds a server's reader with frames, one a line.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("1{\"type\":\"request\",\"id\":1,\n2abc\n0\"name\":\"\",\"data\":null}"))
	f.Add([]byte("0{\"type\":\"request\",\"id\":{},\"name\":0.0e9,\"data\":[1]}\n3"))
	f.Add([]byte("\n4\n0[]"))
	f.Fuzz(func(t *testing.T, frames []byte) {
		c := &Conn{server: &Server{}, requests: requests{workers: 0, limit: 1 << 20}}
		c.link = newLink(nil, linkConfig{transport: Segmented, readLimit: 1 << 20, queueLimit: 1 << 20})
		c.link.out.writing = true // nobody writes
		c.link.receive = c.receive
		var parts assembler
		for frame := range bytes.Lines(frames) {
			frame = bytes.Clone(bytes.TrimSuffix(frame, []byte("\n")))
			if err := c.link.receiveFrame(&parts, frame); err != nil {
				return
			}
		}
		for b := c.link.out.take(); len(b.frames) > 0; b = c.link.out.take() {
			for _, frame := range b.frames {
				if frame[0] != pongFrame {
					if _, kind, err := parseMessage(frame[1:]); err != nil || kind != "response" {
						t.Fatalf("%q is answered with %q, %v", frames, frame, err)
					}
				}
			}
			c.link.out.wrote(b)
		}
		if c.link.out.bytes != 0 {
			t.Fatalf("%d bytes are left in an empty outbox", c.link.out.bytes)
		}
	})
}
