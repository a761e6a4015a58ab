package update

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// exampleV2 is what Y.encodeStateAsUpdateV2 of yjs 13.6.33 returns for a document
// with text, maps, arrays, XML, binary, a subdocument and deletions.
const exampleV2 = "000300030003ec040f0b000406460e02420c030256030006001f0400810084002100a8004600c60007010400280008008300810087018900" +
	"c535277465787448f09f98806d61706b626f6c64626f6c64786d6c70c3a9636c6173736c697374737562040102030144000341000504030501020002" +
	"01040306410005024101030101120078787e7701637d017701787e0201027600760105696d61676577017501ac0203010102000b00"

// emptyV2 is an update with nothing in it.
const emptyV2 = "00000000000001000000000000"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// copyV2 reads an update field by field and writes every field again.
func copyV2(d *DecoderV2, e *EncoderV2) {
	n := d.Sections()
	e.Sections(n)
	for range n {
		structs, client, clock := d.Section()
		e.Section(structs, client, clock)
		for range structs {
			if d.Failed() {
				return
			}
			copyStructV2(d, e)
		}
	}
	n = d.DeleteClients()
	e.DeleteClients(n)
	for range n {
		client, ranges := d.DeleteClient()
		e.DeleteClient(client, ranges)
		for range ranges {
			e.DeleteRange(d.DeleteRange())
		}
	}
}

func copyStructV2(d *DecoderV2, e *EncoderV2) {
	info := d.Info()
	e.Info(info)
	switch {
	case info == byte(KindSkip):
		e.SkipLen(d.SkipLen())
		return
	case info&infoKind == byte(KindGC):
		e.Len(d.Len())
		return
	}
	if info&infoOrigin != 0 {
		e.LeftID(d.LeftID())
	}
	if info&infoRightOrigin != 0 {
		e.RightID(d.RightID())
	}
	if info&infoOrigins == 0 {
		named := d.NamedParent()
		e.NamedParent(named)
		if named {
			e.Text(d.Text())
		} else {
			e.LeftID(d.LeftID())
		}
		if info&infoParentSub != 0 {
			e.Text(d.Text())
		}
	}
	switch Kind(info & infoKind) {
	case KindDeleted:
		e.Len(d.Len())
	case KindJSON:
		n := d.JSONCount()
		e.Len(uint64(n))
		for range n {
			e.Text(d.Text())
		}
	case KindBinary:
		e.Bytes(d.Bytes())
	case KindString:
		e.Text(d.Text())
	case KindEmbed:
		e.Any(d.Any("embed"))
	case KindFormat:
		e.Key(d.Key())
		e.Any(d.Any("value"))
	case KindType:
		ref := d.TypeRef()
		e.TypeRef(ref)
		if ref.named() {
			e.Key(d.Key())
		}
	case KindAny:
		n := d.AnyCount()
		e.Len(uint64(n))
		for range n {
			e.Any(d.Any("any"))
		}
	case KindDoc:
		e.Text(d.Text())
		e.Any(d.Any("options"))
	default:
		d.Fail("struct info", lib0.UnknownType)
	}
}

func TestCodecV2(t *testing.T) {
	var d DecoderV2
	var e EncoderV2
	for _, wire := range []string{emptyV2, exampleV2, emptyV2, exampleV2} {
		u := unhex(t, wire)
		d.Reset(u)
		e.Reset()
		copyV2(&d, &e)
		if err := d.End(); err != nil {
			t.Fatalf("%s: %v", wire, err)
		}
		got := e.AppendTo(nil)
		if !bytes.Equal(got, u) || len(got) > e.MaxLen() {
			t.Errorf("%x\nwant %s", got, wire)
		}
		for n := range u {
			d.Reset(u[:n])
			copyV2(&d, &EncoderV2{})
			if d.End() == nil {
				t.Errorf("%x is taken", u[:n])
			}
		}
		d.Reset(append(bytes.Clone(u), 0))
		copyV2(&d, &EncoderV2{})
		if e, ok := errors.AsType[*lib0.Error](d.End()); !ok || e.Reason != lib0.TrailingBytes {
			t.Errorf("with a byte more: %v", e)
		}
	}
}

// Every byte of an update changed in every way: no panic, and no endless loop.
func TestCodecV2Damaged(t *testing.T) {
	u := unhex(t, exampleV2)
	var d DecoderV2
	var e EncoderV2
	for i := range u {
		was := u[i]
		for v := range 256 {
			if u[i] = byte(v); byte(v) == was {
				continue
			}
			d.Reset(u)
			e.Reset()
			copyV2(&d, &e)
			if d.End() == nil && len(e.AppendTo(nil)) > 1<<20 {
				t.Errorf("byte %d as %d makes much", i, v)
			}
		}
		u[i] = was
	}
}

// A key that is referred to by its number, as Yjs reads but does not write.
func TestKeyReferenceV2(t *testing.T) {
	var e EncoderV2
	e.Key([]byte("bold"))
	e.Key([]byte("color"))
	e.keyClock.Add(0)
	e.keyClock.Add(1)
	e.keyClock.Add(7)
	e.text.Add([]byte("code"), 4)
	var d DecoderV2
	d.Reset(e.AppendTo(nil))
	for _, want := range []string{"bold", "color", "bold", "color", "code"} {
		if got := d.Key(); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := d.End(); err != nil {
		t.Error(err)
	}
}

// A few bytes cannot make a reader work for ever.
func TestStructsLimitV2(t *testing.T) {
	for _, c := range []struct {
		structs int
		ok      bool
	}{{freeClaims, true}, {2 * freeClaims, false}, {1 << 50, false}} {
		var e EncoderV2
		e.Sections(1)
		e.Section(c.structs, 1, 0)
		if c.ok {
			for range c.structs {
				e.Info(byte(KindGC))
				e.Len(1)
			}
		}
		e.DeleteClients(0)
		var d DecoderV2
		d.Reset(e.AppendTo(nil))
		copyV2(&d, &EncoderV2{})
		if err := d.End(); (err == nil) != c.ok {
			t.Errorf("%d structs: %v", c.structs, err)
		}
	}
}

func TestFeaturesV2(t *testing.T) {
	u := unhex(t, emptyV2)
	u[0] = 1
	var d DecoderV2
	d.Reset(u)
	if e, ok := errors.AsType[*lib0.Error](d.End()); !ok || e.Reason != lib0.UnknownType || e.Offset != 0 {
		t.Errorf("%v", d.Err())
	}
}
