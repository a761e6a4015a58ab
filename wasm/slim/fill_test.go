//go:build !wasip1 && !js

package slim

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

func TestTheStartFunctionWritesTheTable(t *testing.T) {
	img, _ := syntheticImage()
	out, report, err := Shrink(withImage(img), Strip)
	if err != nil || report.Refused != nil {
		t.Fatal(err, report.Refused)
	}
	if want := 2 * findPerFunc * findEntry; report.Written != want {
		t.Errorf("%d bytes written, want %d", report.Written, want)
	}
	ctx := t.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err = r.NewHostModuleBuilder("m").NewFunctionBuilder().WithFunc(func(uint32) {}).Export("f").Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Instantiate(ctx, out)
	if err != nil {
		t.Fatal(err)
	}
	memory, ok := m.ExportedMemory("memory").Read(0, pageSize)
	if !ok {
		t.Fatal("no memory")
	}
	if !bytes.Equal(memory[imgFind:imgSize], img[imgFind:imgSize]) {
		t.Error("the table is not as it was")
	}
	if nonZero(memory[imgSize:]) != 0 {
		t.Error("bytes were written behind the table")
	}
}

func TestAStartFunctionNeedsItsSections(t *testing.T) {
	img, _ := syntheticImage()
	whole, err := readSections(withImage(img))
	if err != nil {
		t.Fatal(err)
	}
	f := fill{imgFind, 2 * findPerFunc}
	var layout *LayoutError
	for _, id := range []byte{sectionType, sectionImport, sectionFunction, sectionCode} {
		without := slices.DeleteFunc(slices.Clone(whole), func(s section) bool { return s.id == id })
		if _, err := addStart(without, f); !errors.As(err, &layout) {
			t.Errorf("without section %d: %v", id, err)
		}
	}
	started, err := addStart(whole, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := addStart(started, f); !errors.As(err, &layout) {
		t.Errorf("with a start function already: %v", err)
	}
	var format *FormatError
	for _, imports := range []string{"\x01\x01m\x01f\x01\x00", "\x02\x01m\x01f\x00\x00", "\x01\xff\xff\xff\xff\x0f"} {
		bad := slices.Clone(whole)
		i := slices.IndexFunc(bad, func(s section) bool { return s.id == sectionImport })
		bad[i].body = []byte(imports)
		if _, err := addStart(bad, f); !errors.As(err, &format) {
			t.Errorf("imports %q: %v", imports, err)
		}
	}
}
