package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// The synthetic image has three functions: main.f, which everything about is
// dropped; runtime.g, whose name keeps its prefix; and a wrapper, which keeps
// its inline tree. The tables lie where the linker puts them.
const (
	imgHeader = 64
	imgNames  = imgHeader + headerSize
	imgCUs    = imgNames + 48
	imgFiles  = imgCUs + 8
	imgPCTab  = imgFiles + 16
	imgPCLn   = imgPCTab + 40
	imgGoFunc = 1024
	imgModule = 2048
	imgFind   = imgModule + moduleSize
	imgSize   = imgFind + 2*findPerFunc*findEntry + findEntry // the last function is short
)

// Offsets of the functions in pcln, after an ftab of four entries.
const (
	fMain    = 4 * functabSize
	fRuntime = fMain + funcSize + 4*3 + 4*6
	fWrapper = fRuntime + funcSize
	fEnd     = fWrapper + funcSize + 4*3 + 4*4
)

var pcTables = map[string]uint32{"sp": 1, "file": 5, "line": 9, "inl": 15, "wrapinl": 22}

// syntheticImage returns an image and the places in it that a test may damage.
func syntheticImage() (img []byte, at map[string]int) {
	img = make([]byte, imgSize)
	le := binary.LittleEndian
	copy(img[imgHeader:], headerMagic)
	word := func(at, v int) { le.PutUint64(img[at:], uint64(v)) }
	word(imgHeader+headerNFunc, 3)
	word(imgModule, imgHeader)
	for _, s := range []struct{ header, module, at, n, elem int }{
		{headerNames, moduleNames, imgNames, imgCUs - imgNames, 1},
		{headerCUs, moduleCUs, imgCUs, imgFiles - imgCUs, 4},
		{headerFiles, moduleFiles, imgFiles, imgPCTab - imgFiles, 1},
		{headerPCTab, modulePCTab, imgPCTab, imgPCLn - imgPCTab, 1},
		{headerPCLn, modulePCLn, imgPCLn, fEnd, 1},
		{headerPCLn, moduleFuncs, imgPCLn, 4 * functabSize, functabSize},
	} {
		word(imgHeader+s.header, s.at-imgHeader)
		word(imgModule+s.module, s.at)
		word(imgModule+s.module+8, s.n/s.elem)
		word(imgModule+s.module+16, s.n/s.elem)
	}
	word(imgModule+moduleFind, imgFind)
	for i := range 2*findPerFunc + 1 {
		le.PutUint32(img[imgFind+i*findEntry:], uint32(i/findPerFunc))
	}
	word(imgModule+moduleGoFunc, imgGoFunc)
	word(imgModule+modulePCLnEnd, imgGoFunc)
	copy(img[imgNames:], "\x00main.f\x00runtime.g\x00main.(*T).M\x00")
	le.PutUint32(img[imgCUs:], 1)
	copy(img[imgFiles:], "\x00a/b/c.go\x00")
	tab := img[imgPCTab:]
	copy(tab[pcTables["sp"]:], "\x02\x05\x00")                  // 0
	copy(tab[pcTables["file"]:], "\x04\x05\x00")                // 1
	copy(tab[pcTables["line"]:], "\x14\x02\x02\x03\x00")        // 9, 10
	copy(tab[pcTables["inl"]:], "\x00\x01\x02\x02\x02\x02\x00") // -1, 0, 1
	copy(tab[pcTables["wrapinl"]:], "\x02\x05\x00")             // 0
	f := func(offset, name int, id byte, npc uint32, funcdata ...uint32) int {
		at := imgPCLn + offset
		le.PutUint32(img[at+funcName:], uint32(name))
		le.PutUint32(img[at+funcPCSP:], pcTables["sp"])
		le.PutUint32(img[at+funcPCFile:], pcTables["file"])
		le.PutUint32(img[at+funcPCLine:], pcTables["line"])
		le.PutUint32(img[at+funcNPCData:], npc)
		le.PutUint32(img[at+funcCU:], 1)
		le.PutUint32(img[at+funcStartLine:], 17)
		img[at+funcID] = id
		img[at+funcNFuncData] = byte(len(funcdata))
		for i, v := range funcdata {
			le.PutUint32(img[at+funcSize+4*int(npc)+4*i:], v)
		}
		return at
	}
	for i, offset := range []uint32{fMain, fRuntime, fWrapper} {
		le.PutUint32(img[imgPCLn+i*functabSize+4:], offset)
	}
	const none = noFuncData
	at = map[string]int{}
	// Objects: args maps at 0, inline tree of main.f at 16 (2 entries), argument
	// description at 48, inline tree of the wrapper at 64 (1 entry).
	at["main"] = f(fMain, 1, 0, 3, 0, none, none, 16, none, 48)
	le.PutUint32(img[at["main"]+funcSize+4*pcdataInlTree:], pcTables["inl"])
	at["runtime"] = f(fRuntime, 8, 0, 0)
	at["wrapper"] = f(fWrapper, 18, funcIDWrapper, 3, none, none, none, 64)
	le.PutUint32(img[at["wrapper"]+funcSize+4*pcdataInlTree:], pcTables["wrapinl"])
	for i := imgGoFunc; i < imgGoFunc+96; i++ {
		img[i] = 0x77
	}
	img[imgGoFunc+48+5] = argsEnd
	return img, at
}

// withImage wraps an image into a module of a version that is known.
func withImage(img []byte) []byte {
	body, _, err := appendImage(nil, img)
	if err != nil {
		panic(err)
	}
	return build(
		sect(sectionType, 1, 0x60, 1, 0x7f, 0), // func(i32)
		sect(sectionImport, append([]byte{1, 1, 'm', 1}, "f\x00\x00"...)...),
		sect(sectionFunction, 1, 0),
		onePage,
		sect(7 /* exports */, append([]byte{1, 6}, "memory\x02\x00"...)...),
		sect(sectionCode, 1, 2, 0, opEnd),
		sect(sectionData, body...),
		producers("go1.26.1"),
	)
}

func TestStripSynthetic(t *testing.T) {
	img, at := syntheticImage()
	out, fill, functions, err := strip(img, "go1.26.1")
	if err != nil {
		t.Fatal(err)
	}
	if functions != 3 {
		t.Errorf("%d functions", functions)
	}
	le := binary.LittleEndian
	u32 := func(f string, field int) uint32 { return le.Uint32(out[at[f]+field:]) }
	name := func(f string) string {
		b := out[imgNames+int(u32(f, funcName)):]
		return string(b[:bytes.IndexByte(b, 0)])
	}
	for f, want := range map[string]string{"main": "", "runtime": runtimeName, "wrapper": ""} {
		if got := name(f); got != want {
			t.Errorf("%s is named %q, want %q", f, got, want)
		}
		if got := u32(f, funcPCSP); got != pcTables["sp"] {
			t.Errorf("%s: pcsp moved to %d", f, got)
		}
		for _, field := range []int{funcPCFile, funcPCLine, funcCU, funcStartLine} {
			if got := u32(f, field); got != 0 {
				t.Errorf("%s: field %d is %d", f, field, got)
			}
		}
	}
	if fill.at != imgFind || fill.entries != 2*findPerFunc || nonZero(out[imgFind:imgSize-findEntry]) != 0 || out[imgSize-findEntry] != 2 {
		t.Errorf("the table of program counters: %+v", fill)
	}
	const inlPC, inlData = funcSize + 4*pcdataInlTree, funcSize + 4*3 + 4*funcdataInlTree
	if u32("main", inlPC) != 0 || u32("main", inlData) != noFuncData {
		t.Error("main.f keeps its inline tree")
	}
	if u32("wrapper", inlPC) != pcTables["wrapinl"] || u32("wrapper", inlData) != 64 {
		t.Error("the wrapper lost its inline tree")
	}
	tab := out[imgPCTab:imgPCLn]
	if !bytes.Equal(tab[pcTables["sp"]:][:3], []byte("\x02\x05\x00")) || !bytes.Equal(tab[pcTables["wrapinl"]:][:3], []byte("\x02\x05\x00")) {
		t.Error("a pc table that stays was blanked")
	}
	for _, k := range []string{"file", "line", "inl"} {
		if tab[pcTables[k]] != 0 || tab[pcTables[k]+2] != 0 {
			t.Errorf("the %s table stays", k)
		}
	}
	object := out[imgGoFunc:]
	for i, want := range []struct {
		from, to int
		c        byte
	}{
		{0, 16, 0x77}, {16, 48, 0}, {48, 54, 0}, {54, 64, 0x77},
		{64, 68, 0x77}, {68, 72, 0}, {72, 76, 0x77}, {76, 80, 0}, {80, 96, 0x77},
	} {
		if got := object[want.from:want.to]; !bytes.Equal(got, bytes.Repeat([]byte{want.c}, want.to-want.from)) {
			t.Errorf("objects %d: % x", i, got)
		}
	}
	if nonZero(out[imgCUs:imgPCTab]) != 0 {
		t.Error("file names stay")
	}
}

// Whatever does not fit is refused, and never a panic.
func TestStripRefuses(t *testing.T) {
	le := binary.LittleEndian
	set32 := func(where string, field int, v uint32) func([]byte, map[string]int) {
		return func(img []byte, at map[string]int) { le.PutUint32(img[at[where]+field:], v) }
	}
	word := func(at int, v uint64) func([]byte, map[string]int) {
		return func(img []byte, _ map[string]int) { le.PutUint64(img[at:], v) }
	}
	for name, damage := range map[string]func(img []byte, at map[string]int){
		"magic of another version": func(img []byte, _ map[string]int) { img[imgHeader] = 0xf0 },
		"4-byte pointers":          func(img []byte, _ map[string]int) { img[imgHeader+7] = 4 },
		"no functions":             word(imgHeader+headerNFunc, 0),
		"too many functions":       word(imgHeader+headerNFunc, 1<<40),
		"another count":            word(imgHeader+headerNFunc, 2),
		"a second module":          func(img []byte, _ map[string]int) { copy(img[1200:], img[imgModule:imgModule+moduleSize]) },
		"names elsewhere":          word(imgModule+moduleNames, imgNames+8),
		"length past capacity":     word(imgModule+moduleNames+8, 49),
		"table past the end":       word(imgModule+modulePCTab+8, 1<<62),
		"gofunc past the end":      word(imgModule+moduleGoFunc, imgSize),
		"pclntab ends early":       word(imgModule+modulePCLnEnd, imgPCLn),
		"function outside": func(img []byte, _ map[string]int) {
			le.PutUint32(img[imgPCLn+4:], 1<<31)
		},
		"function at the edge": func(img []byte, _ map[string]int) {
			le.PutUint32(img[imgPCLn+4:], fEnd-8)
		},
		"unknown pcdata":      set32("main", funcNPCData, maxPCDataKinds+1),
		"unknown funcdata":    func(img []byte, at map[string]int) { img[at["main"]+funcNFuncData] = maxFuncData + 1 },
		"funcdata at edge":    func(img []byte, at map[string]int) { img[at["wrapper"]+funcNFuncData] = maxFuncData },
		"name outside":        set32("main", funcName, 48),
		"negative name":       set32("main", funcName, 1<<31),
		"name without end":    func(img []byte, _ map[string]int) { copy(img[imgNames:imgCUs], bytes.Repeat([]byte{'n'}, 48)) },
		"pc table outside":    set32("main", funcPCSP, 40),
		"pc table open":       func(img []byte, _ map[string]int) { copy(img[imgPCTab:], bytes.Repeat([]byte{2}, 40)) },
		"pc table overflows":  func(img []byte, _ map[string]int) { copy(img[imgPCTab+1:], bytes.Repeat([]byte{0xff}, 20)) },
		"inline index huge":   func(img []byte, _ map[string]int) { copy(img[imgPCTab+15:], "\xfe\xff\xff\x0f\x01\x00") },
		"inline tree outside": set32("main", funcSize+4*3+4*funcdataInlTree, imgSize-imgGoFunc-16),
		"data outside":        set32("main", funcSize+4*3, imgSize),
		"find table outside":  word(imgModule+moduleFind, imgFind+2*findEntry),
		"find table nowhere":  word(imgModule+moduleFind, 0),
		"another find table":  func(img []byte, _ map[string]int) { img[imgFind+17*findEntry]++ },
		"subbuckets":          func(img []byte, _ map[string]int) { img[imgFind+18*findEntry-1]++ },
		"arguments open":      func(img []byte, _ map[string]int) { img[imgGoFunc+48+5] = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			img, at := syntheticImage()
			damage(img, at)
			kept := bytes.Clone(img)
			_, _, _, err := strip(img, "go1.26.1")
			var layout *LayoutError
			if !errors.As(err, &layout) {
				t.Fatalf("got %v", err)
			}
			t.Log(err)
			if !bytes.Equal(img, kept) {
				t.Error("the image was changed")
			}
		})
	}
}
