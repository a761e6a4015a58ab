package update

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

func wantReason(t *testing.T, err error, reason lib0.Reason, field string) {
	t.Helper()
	e, ok := errors.AsType[*lib0.Error](err)
	if !ok || e.Reason != reason || field != "" && e.Field != field {
		t.Errorf("got %v, want %v in %q", err, reason, field)
	}
}

// Each content in each place: whole, cut at every byte, and with a byte more.
func TestValidateEveryStruct(t *testing.T) {
	for _, p := range places {
		for _, c := range contents {
			t.Run(c.name+", "+p.name, func(t *testing.T) {
				u := up(of(7, 5, bs(int(byte(c.kind)|p.bits), p.wire, c.wire)))
				structs, _, err := Contents(u)
				if err != nil || !structs.Covers(7, 5, 5+c.len) || structs.Contains(7, 5+c.len) {
					t.Fatalf("holds %v, %v", list(structs), err)
				}
				for n := range u {
					if err := Validate(u[:n]); err == nil {
						t.Errorf("taken when cut at %d: %x", n, u[:n])
					}
				}
				wantReason(t, Validate(append(bytes.Clone(u), 0)), lib0.TrailingBytes, "update")
			})
		}
	}
	u := everything()
	for n := range u {
		if err := Validate(u[:n]); err == nil {
			t.Errorf("everything is taken when cut at %d", n)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	const most = lib0.MaxSafeInteger
	one := func(kind int, content ...any) []byte {
		return up(of(1, 0, bs(kind|infoOrigin, 1, 0, bs(content...))))
	}
	deep := bytes.Repeat([]byte{117, 1}, lib0.MaxDepth+1)
	for _, c := range []struct {
		name   string
		u      []byte
		reason lib0.Reason
		field  string
	}{
		{"nothing", nil, lib0.Truncated, "client sections"},
		{"nine bytes that claim 2^53-1 structs", bs(1, vu(most)), lib0.Truncated, ""},
		{"huge count of sections", bs(vu(1<<40), 1, 1, 0, 0, 1, 0), lib0.Truncated, "client sections"},
		{"huge count of structs", bs(1, vu(1<<40), 1, 0, 0, 1, 0), lib0.Truncated, "structs"},
		{"huge count of values", one(8, vu(1<<40), 126), lib0.Truncated, "any count"},
		{"huge count of json", one(2, vu(1<<40), 126), lib0.Truncated, "json count"},
		{"huge string", one(4, vu(1<<40), "x"), lib0.Truncated, "string"},
		{"huge count of deleting clients", bs(0, vu(1<<40), 1, 1, 0, 1), lib0.Truncated, "delete set clients"},
		{"huge count of delete ranges", bs(0, 1, 1, vu(1<<40), 0, 1), lib0.Truncated, "delete ranges"},
		{"client past 2^53-1", bs(1, 1, vu(most+1), 0, gc(1), 0), lib0.Overflow, "client"},
		{"clock past 2^53-1", bs(1, 1, 1, vu(most+1), gc(1), 0), lib0.Overflow, "clock"},
		{"gc length past 2^53-1", up(of(1, 0, gc(most+1))), lib0.Overflow, "gc length"},
		{"skip length past 2^53-1", up(of(1, 0, skip(most+1))), lib0.Overflow, "skip length"},
		{"gc past the last clock", up(of(1, 1, gc(most))), lib0.Overflow, "struct length"},
		{"skip past the last clock", up(of(1, 1, skip(most))), lib0.Overflow, "struct length"},
		{"structs past the last clock", up(of(1, 0, gc(most-1), gc(1), gc(1))), lib0.Overflow, "struct length"},
		{"deleted past the last clock", up(of(1, 2, after(1, 1, KindDeleted, vu(most-1)))), lib0.Overflow, "struct length"},
		{"string past the last clock", up(of(1, most-1, after(1, 1, KindString, vs("ab")))), lib0.Overflow, "struct length"},
		{"origin past 2^53-1", up(of(1, 0, after(1, most+1, KindBinary, bs(0)))), lib0.Overflow, "origin"},
		{"delete past the last clock", up(deletes(1, most, 1)), lib0.Overflow, "delete length"},
		{"delete length past 2^53-1", up(deletes(1, 0, most+1)), lib0.Overflow, "delete length"},
		{"gc of no length", up(of(1, 0, gc(0))), lib0.Empty, "struct length"},
		{"skip of no length", up(of(1, 0, skip(0))), lib0.Empty, "struct length"},
		{"deleted of no length", one(1, 0), lib0.Empty, "struct length"},
		{"no json", one(2, 0), lib0.Empty, "struct length"},
		{"empty string", one(4, 0), lib0.Empty, "struct length"},
		{"no values", one(8, 0), lib0.Empty, "struct length"},
		{"unknown kind", one(11, 1), lib0.UnknownType, "struct info"},
		{"last kind", one(31, 1), lib0.UnknownType, "struct info"},
		{"skip with bits", one(10, 1), lib0.UnknownType, "struct info"},
		{"unknown type", one(7, 7), lib0.UnknownType, "type"},
		{"huge type", one(7, vu(most)), lib0.UnknownType, "type"},
		{"unknown value", one(8, 1, 115), lib0.UnknownType, "any"},
		{"values too deep", one(8, 1, deep, 126), lib0.TooDeep, "any"},
		{"subdocument options null", one(9, vs("g"), 126), lib0.UnknownType, "subdocument options"},
		{"subdocument options undefined", one(9, vs("g"), 127), lib0.UnknownType, "subdocument options"},
		{"guid not UTF-8", one(9, vs("\xff"), 118, 0), lib0.InvalidUTF8, "subdocument guid"},
		{"string not UTF-8", one(4, vs("a\xff")), lib0.InvalidUTF8, "string"},
		{"half a surrogate pair", one(4, vs("\xed\xa0\x80")), lib0.InvalidUTF8, "string"},
		{"parent not UTF-8", up(of(1, 0, bs(4, 1, vs("\xff"), vs("a")))), lib0.InvalidUTF8, "parent name"},
		{"key not UTF-8", up(of(1, 0, bs(4|infoParentSub, 1, vs("r"), vs("\xff"), vs("a")))), lib0.InvalidUTF8, "parent key"},
		{"format key not UTF-8", one(6, vs("\xff"), vs("1")), lib0.InvalidUTF8, "format key"},
		{"type name not UTF-8", one(7, 3, vs("\xff")), lib0.InvalidUTF8, "type name"},
		{"embed not JSON", one(5, vs("{")), lib0.InvalidJSON, "embed"},
		{"empty embed", one(5, vs("")), lib0.InvalidJSON, "embed"},
		{"format value not JSON", one(6, vs("b"), vs("undefined")), lib0.InvalidJSON, "format value"},
		{"json not JSON", one(2, 2, vs("undefined"), vs("undefine")), lib0.InvalidJSON, "json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Validate(c.u)
			wantReason(t, err, c.reason, c.field)
			for name, f := range map[string]func() error{
				"Merge":         func() error { _, err := Merge(c.u, empty); return err },
				"Merge alone":   func() error { _, err := Merge(c.u); return err },
				"Diff":          func() error { _, err := Diff(c.u, []byte{0}); return err },
				"StateVectorOf": func() error { _, err := StateVectorOf(c.u); return err },
				"Contents":      func() error { _, _, err := Contents(c.u); return err },
				"Inspect":       func() error { _, _, err := Inspect(c.u); return err },
				"Doc.Apply":     func() error { _, err := NewDoc().Apply(c.u); return err },
			} {
				if got := f(); got == nil || got.Error() != err.Error() {
					t.Errorf("%s: %v, and Validate: %v", name, got, err)
				}
			}
		})
	}
}

func TestValidateTakesTheLargest(t *testing.T) {
	for _, u := range [][]byte{
		up(of(lib0.MaxSafeInteger, 0, gc(lib0.MaxSafeInteger))),
		up(of(0, lib0.MaxSafeInteger-1, gc(1))),
		up(deletes(lib0.MaxSafeInteger, lib0.MaxSafeInteger, 0, 0, lib0.MaxSafeInteger)),
		up(of(5, lib0.MaxSafeInteger)),
		empty,
	} {
		if err := Validate(u); err != nil {
			t.Errorf("%x: %v", u, err)
		}
		mustMerge(t, u, u)
	}
}

// The short way through the scanner reads the same as the long one.
func TestTypedStructs(t *testing.T) {
	padding := make([]byte, 64)
	for _, ids := range [][]byte{bs(5, 6), bs(vu(3_204_182_912), vu(1<<33)), bs(vu(1<<49-1), vu(1<<49)), bs(0x85, 0, 6), bs(5, 0x80, 0x80, 0)} {
		for _, right := range []bool{false, true} {
			for _, text := range []string{"", "a", "é", "1234567", "12345678", "123456é", "123456789", "12345678é", "é1234567", "é12345678", "1234567890123456", "éa34567890123456", "12345678901234567"} {
				info, b := byte(KindString)|infoOrigin, ids
				if right {
					info, b = info|infoRightOrigin, bs(ids, ids)
				}
				raw := bs(int(info), b, vs(text))
				long := scanner{Reader: lib0.NewReader(raw)} // too short to be read the short way
				long.one()
				short := scanner{Reader: lib0.NewReader(bs(raw, padding))}
				if !short.typed() {
					short.one()
				}
				if short.info != long.info || short.units != long.units || short.Offset() != long.Offset() || short.Padded() != long.Padded() {
					t.Errorf("%x: %d units to %d, padded %v, and %d to %d, padded %v", raw,
						short.units, short.Offset(), short.Padded(), long.units, long.Offset(), long.Padded())
				}
			}
		}
	}
}

func TestValidateAllocatesNothing(t *testing.T) {
	u := everything()
	if n := testing.AllocsPerRun(20, func() {
		if Validate(u) != nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTooLarge(t *testing.T) {
	u := up(of(1, 0, root(KindBinary, bs(vu(1<<20), make([]byte, 1<<20)))))
	us := make([][]byte, MaxSize>>20)
	for i := range us {
		us[i] = u
	}
	_, err := Merge(us...)
	wantReason(t, err, lib0.TooLarge, "updates")
	if runtime.GOARCH == "wasm" {
		t.Log("a document of 1 GiB does not fit into this runtime's memory: not tried")
		return
	}
	d := NewDoc()
	d.parts = []part{{b: make([]byte, MaxSize-20)}} // never touched, so it takes no memory
	_, err = d.Apply(u)
	wantReason(t, err, lib0.TooLarge, "update")
}
