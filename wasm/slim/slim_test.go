package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// build writes a module by hand, so that the tests do not trust the writer.
func build(sections ...[]byte) []byte {
	return bytes.Join(append([][]byte{[]byte("\x00asm\x01\x00\x00\x00")}, sections...), nil)
}

func sect(id byte, body ...byte) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
}

func producers(version string) []byte {
	b := []byte("\x09producers\x01\x0cprocessed-by\x01\x0eGo cmd/compile")
	b = append(b, byte(len(version)))
	return sect(sectionCustom, append(b, version...)...)
}

// memory of one page, one type section that must survive, and data.
var (
	onePage = sect(sectionMemory, 1, 0, 1)
	types   = sect(1, 0)
)

func segments(s ...string) []byte {
	body := []byte{byte(len(s))}
	for _, x := range s {
		body = append(body, x...)
	}
	return sect(sectionData, body...)
}

func TestRepack(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	for _, tt := range []struct {
		name string
		in   [][]byte
		want [][]byte
	}{
		{"empty", [][]byte{types, onePage, segments()}, [][]byte{types, onePage, segments()}},
		{"joins over a short gap",
			[][]byte{types, onePage, segments("\x00\x41\x08\x0b\x01a", "\x00\x41\x10\x0b\x01b")},
			[][]byte{types, onePage, segments("\x00\x41\x08\x0b\x09a" + zeros(7) + "b")}},
		{"keeps a long gap",
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x01a", "\x00\x41\xc1\x00\x0b\x01b")},
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x01a", "\x00\x41\xc1\x00\x0b\x01b")}},
		{"joins one byte less",
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x01a", "\x00\x41\xc0\x00\x0b\x01b")},
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x41a" + zeros(63) + "b")}},
		{"trims zeros",
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x05\x00\x00a\x00\x00")},
			[][]byte{onePage, segments("\x00\x41\x02\x0b\x01a")}},
		{"later segments win",
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x03abc", "\x00\x41\x01\x0b\x01X")},
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x03aXc")}},
		{"drops custom sections but the producers",
			[][]byte{sect(sectionCustom, 4, 'n', 'a', 'm', 'e', 1, 2), onePage, segments("\x00\x41\x00\x0b\x01a"), producers("go1.26.1")},
			[][]byte{onePage, segments("\x00\x41\x00\x0b\x01a"), producers("go1.26.1")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := build(tt.in...)
			out, report, err := Shrink(in, Repack)
			if err != nil {
				t.Fatal(err)
			}
			if want := build(tt.want...); !bytes.Equal(out, want) {
				t.Errorf("got\n%q\nwant\n%q", out, want)
			}
			if report.Mode != Repack || report.Refused != nil {
				t.Errorf("report %+v", report)
			}
		})
	}
}

func TestRefusesModules(t *testing.T) {
	data := segments("\x00\x41\x00\x0b\x01a")
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"nothing", nil},
		{"not wasm", []byte("MZ something else")},
		{"component", []byte("\x00asm\x0d\x00\x01\x00")},
		{"no data", build(types, onePage)},
		{"two data sections", build(onePage, data, data)},
		{"no memory", build(data)},
		{"shared memory", build(sect(sectionMemory, 1, 3, 1, 2), data)},
		{"two memories", build(sect(sectionMemory, 2, 0, 1, 0, 1), data)},
		{"data count", build(onePage, sect(sectionDataCount, 1), data)},
		{"passive segment", build(onePage, segments("\x01\x01a"))},
		{"memory 1", build(onePage, segments("\x02\x01\x41\x00\x0b\x01a"))},
		{"offset from a global", build(onePage, segments("\x00\x23\x00\x0b\x01a"))},
		{"extended offset", build(onePage, segments("\x00\x41\x00\x41\x00\x6a\x0b\x01a"))},
		{"past the memory", build(onePage, segments("\x00\x41\xff\xff\x03\x0b\x02ab"))},
		{"negative offset", build(onePage, segments("\x00\x41\x7f\x0b\x01a"))},
		{"huge segment", build(onePage, segments("\x00\x41\x00\x0b\xff\xff\xff\xff\x0fa"))},
		{"huge section", build(onePage, []byte{sectionData, 0xff, 0xff, 0xff, 0xff, 0x0f, 0})},
		{"huge count", build(onePage, sect(sectionData, 0xff, 0xff, 0xff, 0xff, 0x0f))},
		{"length over 32 bits", build(onePage, []byte{sectionData, 0xff, 0xff, 0xff, 0xff, 0xff, 1})},
		{"trailing bytes", build(onePage, sect(sectionData, 0, 9))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := Shrink(tt.in, Strip)
			var format *FormatError
			if !errors.As(err, &format) || out != nil {
				t.Fatalf("got %v, %d bytes", err, len(out))
			}
			t.Log(err)
		})
	}
}

// Every truncation is an error or, at a section's end, a smaller module.
func TestTruncated(t *testing.T) {
	whole := build(types, onePage, segments("\x00\x41\x08\x0b\x03abc", "\x00\x41\x10\x0b\x01b"), producers("go1.26"))
	for n := range whole {
		out, _, err := Shrink(whole[:n], Strip)
		if (err == nil) == (out == nil) {
			t.Errorf("at %d: %v with %d bytes", n, err, len(out))
		}
	}
	if _, _, err := Shrink(append(bytes.Clone(whole), 0), Repack); err == nil {
		t.Error("a stray byte at the end was taken")
	}
}

func TestUnknownMode(t *testing.T) {
	if _, _, err := Shrink(build(onePage, segments()), 0); err == nil {
		t.Error("no error")
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{
		"go1.26": true, "go1.26.0": true, "go1.26.13": true, "go1.26.1 X:nogreenteagc": true,
		"": false, "go1.25.3": false, "go1.27": false, "go1.2": false, "go1.260": false, "go1.26rc1": false,
		"go1.26.": false, "go1.26.1-custom": false, "devel go1.26-abcdef": false,
	} {
		if got := knownVersion(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// Without tables that are known, Strip repacks and says so.
func TestStripFallsBack(t *testing.T) {
	data := segments("\x00\x41\x08\x0b\x01a", "\x00\x41\x10\x0b\x01b")
	for _, tt := range []struct {
		name, want string
		in         []byte
	}{
		{"no version", "does not name its Go version", build(onePage, data)},
		{"another version", `tables of "go1.31.2" are not known`, build(onePage, data, producers("go1.31.2"))},
		{"no tables", "0 function tables found", build(onePage, data, producers("go1.26.2"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			repacked, _, err := Shrink(tt.in, Repack)
			if err != nil {
				t.Fatal(err)
			}
			out, report, err := Shrink(tt.in, Strip)
			if err != nil {
				t.Fatal(err)
			}
			var layout *LayoutError
			if report.Mode != Repack || !errors.As(report.Refused, &layout) || !strings.Contains(layout.Reason, tt.want) {
				t.Errorf("report %+v", report)
			}
			if !bytes.Equal(out, repacked) {
				t.Error("not what Repack makes")
			}
		})
	}
}

func FuzzShrink(f *testing.F) {
	f.Add(build(types, onePage, segments("\x00\x41\x08\x0b\x01a", "\x00\x41\x10\x0b\x01b"), producers("go1.26")))
	f.Add(build(onePage, segments()))
	img, _ := syntheticImage()
	f.Add(withImage(img))
	f.Fuzz(func(t *testing.T, in []byte) {
		if sections, err := readSections(in); err == nil {
			// A large memory is only slow to look at.
			if img, _, err := readImage(sections); err == nil && len(img) > 1<<20 {
				return
			}
		}
		kept := bytes.Clone(in)
		out, _, err := Shrink(in, Strip)
		if !bytes.Equal(in, kept) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		again, _, err := Shrink(out, Repack)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("not stable: %v", err)
		}
	})
}
