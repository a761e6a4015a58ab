package slim

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The layout of the runtime tables, from go1.26/src/runtime/symtab.go#pcHeader
// and #moduledata, runtime2.go#_func and symtabinl.go#inlinedCall, with the
// 8-byte pointers that Go has on wasm. All offsets are in bytes.
const (
	ptrSize = 8

	headerNFunc    = 8 // int
	headerNames    = 32
	headerCUs      = 40
	headerFiles    = 48
	headerPCTab    = 56
	headerPCLn     = 64
	headerSize     = 72
	moduleNames    = 8   // []byte
	moduleCUs      = 32  // []uint32
	moduleFiles    = 56  // []byte
	modulePCTab    = 80  // []byte
	modulePCLn     = 104 // []byte
	moduleFuncs    = 128 // []functab
	moduleFind     = 152 // uintptr, findfunctab
	moduleGoFunc   = 320 // uintptr
	modulePCLnEnd  = 328 // uintptr
	moduleSize     = 336 // of the part that is read here
	functabSize    = 8   // entryoff, funcoff uint32
	funcName       = 4   // int32
	funcPCSP       = 16  // uint32, and so on
	funcPCFile     = 20
	funcPCLine     = 24
	funcNPCData    = 28
	funcCU         = 32
	funcStartLine  = 36
	funcID         = 40 // uint8
	funcNFuncData  = 43 // uint8
	funcSize       = 44
	inlinedSize    = 16
	inlinedName    = 4  // int32
	inlinedLine    = 12 // int32
	noFuncData     = 1<<32 - 1
	funcIDWrapper  = 23 // internal/abi/symtab.go#FuncIDWrapper
	argsEnd        = 0xff
	maxArgs        = (5*3+2)*10 + 1 // internal/abi/type.go#TraceArgsMaxLen
	maxFunctions   = 1 << 20
	maxInlined     = 1 << 20
	maxPCDataKinds = 5
	maxFuncData    = 8
)

// Indexes into a function's pcdata and funcdata
// (go1.26/src/internal/abi/symtab.go#PCDATA_UnsafePoint and on).
const (
	pcdataUnsafePoint = 0
	pcdataInlTree     = 2
	pcdataArgLive     = 3

	funcdataInlTree = 3
	funcdataArgInfo = 5
	funcdataArgLive = 6
)

// headerMagic is pcHeader.magic of Go 1.20 and later, two zero bytes, the
// instruction size 1 and the pointer size 8.
var headerMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, ptrSize}

// A table is a Go slice in the image: n bytes at at.
type table struct{ at, n int }

// tables are the runtime's tables in an image; all lie inside it.
type tables struct {
	nfunc  int
	names  table
	cus    table
	files  table
	pctab  table
	pcln   table
	funcs  table
	find   int // where the table of program counters begins
	gofunc int // where funcdata offsets count from
	end    int // of the pclntab
}

func refuse(format string, args ...any) error {
	return &LayoutError{fmt.Sprintf(format, args...)}
}

// findTables finds the one pcHeader that one moduledata describes, with every
// relation between the two checked.
func findTables(img []byte) (tables, error) {
	var found []tables
	for from := 0; ; {
		i := bytes.Index(img[from:], headerMagic)
		if i < 0 {
			break
		}
		at := from + i
		from = at + len(headerMagic)
		if at%ptrSize != 0 || len(img)-at < headerSize {
			continue
		}
		if nfunc := binary.LittleEndian.Uint64(img[at+headerNFunc:]); nfunc == 0 || nfunc > maxFunctions {
			continue
		}
		found = append(found, modulesOf(img, at)...)
	}
	if len(found) != 1 {
		return tables{}, refuse("%d function tables found instead of one", len(found))
	}
	return found[0], nil
}

// modulesOf returns the tables of each moduledata that agrees with the header.
func modulesOf(img []byte, header int) []tables {
	word := func(at int) uint64 { return binary.LittleEndian.Uint64(img[at:]) }
	var start [2 * ptrSize]byte // pcHeader, funcnametab
	binary.LittleEndian.PutUint64(start[:], uint64(header))
	binary.LittleEndian.PutUint64(start[ptrSize:], uint64(header)+word(header+headerNames))
	var found []tables
	for from := 0; ; {
		i := bytes.Index(img[from:], start[:])
		if i < 0 {
			return found
		}
		module := from + i
		from = module + 1
		if module%ptrSize != 0 || len(img)-module < moduleSize {
			continue
		}
		ok := true
		slice := func(field, elem int, offset uint64) table {
			at, n, c := word(module+field), word(module+field+ptrSize), word(module+field+2*ptrSize)
			if at != uint64(header)+offset || n != c || at > uint64(len(img)) || n > (uint64(len(img))-at)/uint64(elem) {
				ok = false
				return table{}
			}
			return table{int(at), int(n) * elem}
		}
		t := tables{nfunc: int(word(header + headerNFunc))}
		t.names = slice(moduleNames, 1, word(header+headerNames))
		t.cus = slice(moduleCUs, 4, word(header+headerCUs))
		t.files = slice(moduleFiles, 1, word(header+headerFiles))
		t.pctab = slice(modulePCTab, 1, word(header+headerPCTab))
		t.pcln = slice(modulePCLn, 1, word(header+headerPCLn))
		t.funcs = slice(moduleFuncs, functabSize, word(header+headerPCLn))
		gofunc, end := word(module+moduleGoFunc), word(module+modulePCLnEnd)
		find := word(module + moduleFind)
		// ftab has one more entry than functions: where the last one ends.
		if !ok || t.funcs.n/functabSize != t.nfunc+1 || gofunc == 0 || gofunc >= uint64(len(img)) ||
			find == 0 || find >= uint64(len(img)) ||
			end < uint64(t.pcln.at+t.pcln.n) || end > uint64(len(img)) {
			continue
		}
		t.find, t.gofunc, t.end = int(find), int(gofunc), int(end)
		found = append(found, t)
	}
}
