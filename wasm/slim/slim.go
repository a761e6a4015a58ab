// Package slim shrinks a WebAssembly module that the Go linker wrote, after
// linking and without changing what it computes.
//
// It is not an optimiser: it never looks at code. It rewrites the data section,
// in one of two modes:
//
//   - [Repack] writes the same initial memory with fewer, larger segments. The
//     linker starts a new segment after 8 zero bytes, and the thousands of
//     segment headers that this gives compress badly. Always safe.
//   - [Strip] also blanks the tables that only tracebacks, runtime.Callers and
//     runtime.FuncForPC read: function names, files, lines, inlining. What the
//     collector and the growth of stacks read stays. A crash then prints no
//     names, so keep the unslimmed twin of a module that ships. And it has a
//     start function write one large table that is regular.
//
// Strip knows the table layout of the Go versions in [Versions] and nothing
// else. For a module of another version, or one whose tables do not agree with
// each other in every point that is checked, it does what Repack does and says
// why in [Report.Refused].
//
// Usage:
//
//	out, report, err := slim.Shrink(module, slim.Strip)
//
// Limits: modules up to 64 MiB whose initial memory is up to 64 MiB; active
// data segments in memory 0 only, which is all that the Go linker writes.
package slim

import (
	"errors"
	"fmt"
)

// Mode says how far [Shrink] goes.
type Mode uint8

const (
	// Repack keeps every byte of the initial memory.
	Repack Mode = iota + 1
	// Strip blanks what only tracebacks read, then repacks.
	Strip
)

func (m Mode) String() string {
	switch m {
	case Repack:
		return "repack"
	case Strip:
		return "strip"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// Sizes that no module of ours comes near; past them the input is refused
// before anything is allocated for it.
const (
	maxModule = 64 << 20
	maxImage  = 64 << 20
	// maxSegments is the number that engines accept (V8's kV8MaxWasmDataSegments,
	// and the linker's own bound).
	maxSegments = 100_000
)

// A FormatError says that the input is not a module that this package can
// rewrite. Offset is in bytes from the start of the module, or -1.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return "slim: " + e.Reason
	}
	return fmt.Sprintf("slim: at byte %d: %s", e.Offset, e.Reason)
}

// A LayoutError says why [Strip] was not possible: the runtime tables are not
// laid out as this package knows them.
type LayoutError struct{ Reason string }

func (e *LayoutError) Error() string { return "slim: cannot strip: " + e.Reason }

// Report says what [Shrink] did.
type Report struct {
	// Mode is the mode that was applied, which is Repack when Strip was
	// asked for and refused.
	Mode Mode
	// Refused is nil, or a *LayoutError with the reason why Strip fell back.
	Refused error
	// GoVersion is the toolchain's version as the module names it, or "".
	GoVersion string
	// Image is the size of the initial memory up to its last non-zero
	// byte, in bytes.
	Image int
	// SegmentsBefore and SegmentsAfter count the data segments.
	SegmentsBefore, SegmentsAfter int
	// Functions is the number of functions whose entries were stripped.
	Functions int
	// Blanked is the number of non-zero bytes of memory set to zero.
	Blanked int
	// Written is the number of bytes of memory that a start function writes.
	Written int
}

// Shrink returns a module with the same code and, for [Repack], the same
// initial memory as module, which is only read. [Strip] adds a start function. Custom sections have no meaning
// at run time and are left out, but for the one that names the toolchain. An
// error is a *[FormatError].
func Shrink(module []byte, mode Mode) ([]byte, Report, error) {
	if mode != Repack && mode != Strip {
		return nil, Report{}, fmt.Errorf("slim: unknown mode %d", uint8(mode))
	}
	sections, err := readSections(module)
	if err != nil {
		return nil, Report{}, err
	}
	img, segments, err := readImage(sections)
	if err != nil {
		return nil, Report{}, err
	}
	report := Report{Mode: Repack, GoVersion: goVersion(sections), SegmentsBefore: segments}
	if mode == Strip {
		stripped, fill, functions, err := strip(img, report.GoVersion)
		started := sections
		if err == nil {
			started, err = addStart(sections, fill)
		}
		var layout *LayoutError
		switch {
		case errors.As(err, &layout):
			report.Refused = err
		case err != nil:
			return nil, Report{}, err
		default:
			report.Mode, report.Functions = Strip, functions
			report.Blanked = nonZero(img) - nonZero(stripped)
			report.Written = fill.entries * findEntry
			img, sections = stripped, started
		}
	}
	data, after, err := appendImage(nil, img)
	if err != nil {
		return nil, Report{}, err
	}
	report.Image, report.SegmentsAfter = len(img), after
	return writeSections(sections, data), report, nil
}

func nonZero(b []byte) int {
	n := 0
	for _, c := range b {
		if c != 0 {
			n++
		}
	}
	return n
}
