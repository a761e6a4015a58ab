package update

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The example in the description of the format is an update, and each of its
// lines is the struct that it says.
func TestWireExample(t *testing.T) {
	text, err := os.ReadFile("../../docs/wire/update-v1.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "```hex\n")
	if !ok {
		t.Fatal("no example")
	}
	block, _, _ = strings.Cut(block, "```")
	var u []byte
	var starts []int
	for line := range strings.Lines(block) {
		digits, _, _ := strings.Cut(line, "   ")
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		starts = append(starts, len(u))
		u = append(u, b...)
	}
	s := scan(u, withJSON)
	s.section()
	for i := 2; s.next(); i++ {
		if s.off != starts[i] {
			t.Errorf("struct %d starts at byte %d, and the line at %d", i-2, s.off, starts[i])
		}
	}
	if s.Offset() != starts[len(starts)-1] {
		t.Errorf("the delete set starts at byte %d, and the line at %d", s.Offset(), starts[len(starts)-1])
	}
	if err := Validate(u); err != nil {
		t.Fatal(err)
	}
	if sv, err := StateVectorOf(u); err != nil || !bytes.Equal(sv, bs(1, vu(300), 9)) {
		t.Errorf("state vector %x, %v", sv, err)
	}
}
