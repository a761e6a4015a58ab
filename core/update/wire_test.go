package update

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// wireExample returns the bytes of the example in the description of a format, and
// where its lines start.
func wireExample(t *testing.T, name string) (u []byte, starts []int) {
	t.Helper()
	text, err := os.ReadFile("../../docs/wire/" + name)
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "```hex\n")
	if !ok {
		t.Fatal("no example")
	}
	block, _, _ = strings.Cut(block, "```")
	for line := range strings.Lines(block) {
		digits, _, _ := strings.Cut(line, "   ")
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		starts = append(starts, len(u))
		u = append(u, b...)
	}
	return u, starts
}

// The example in the description of version 2 is that of version 1, converted.
func TestWireExampleV2(t *testing.T) {
	v1, _ := wireExample(t, "update-v1.md")
	v2, _ := wireExample(t, "update-v2.md")
	if got, err := ConvertV1ToV2(v1); err != nil || !bytes.Equal(got, v2) {
		t.Errorf("%x, %v\nwant %x", got, err, v2)
	}
}

// The example in the description of the format is an update, and each of its
// lines is the struct that it says.
func TestWireExample(t *testing.T) {
	u, starts := wireExample(t, "update-v1.md")
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
