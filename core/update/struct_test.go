package update

import (
	"bytes"
	"slices"
	"testing"
)

func TestInspect(t *testing.T) {
	u := up(
		of(1<<53-1, 3,
			gc(2), skip(4),
			bs(int(KindString), 1, vs("root"), vs("aé\"😀\n")),
			bs(int(KindType)|infoParentSub, 0, 5, 6, vs("key"), 3, vs("p")),
			bs(int(KindDeleted)|infoOrigins, 1, 2, 3, 4, 9)),
		of(0, 0, after(8, 9, KindAny, bs(1, 126))),
		deletes(7, 1, 2, 5, 6), deletes(3, 0, 1))
	structs, ranges, err := Inspect(u)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Collect(structs)
	if len(got) != 6 {
		t.Fatalf("%d structs", len(got))
	}
	const c = 1<<53 - 1
	for i, want := range []struct {
		id      ID
		len     uint64
		kind    Kind
		preview string
	}{
		{ID{c, 3}, 2, KindGC, ``},
		{ID{c, 5}, 4, KindSkip, ``},
		{ID{c, 9}, 6, KindString, `"aé\"😀\n"`},
		{ID{c, 15}, 1, KindType, `YXmlElement "p"`},
		{ID{c, 16}, 9, KindDeleted, ``},
		{ID{0, 0}, 1, KindAny, `null`},
	} {
		st := got[i]
		if st.ID != want.id || st.Len != want.len || st.Kind != want.kind {
			t.Errorf("struct %d is %v, %d, %v", i, st.ID, st.Len, st.Kind)
		}
		if p := string(st.AppendPreview(nil, 50)); p != want.preview {
			t.Errorf("struct %d shows %s, want %s", i, p, want.preview)
		}
	}
	if p := got[2].Place; !p.HasParent || string(p.ParentName) != "root" || p.HasParentSub || p.HasOrigin || p.HasRightOrigin {
		t.Errorf("place %+v", p)
	}
	if p := got[3].Place; !p.HasParent || p.ParentName != nil || p.ParentID != (ID{5, 6}) || string(p.ParentSub) != "key" {
		t.Errorf("place %+v", p)
	}
	if p := got[4].Place; p.HasParent || !p.HasOrigin || p.Origin != (ID{1, 2}) || !p.HasRightOrigin || p.RightOrigin != (ID{3, 4}) {
		t.Errorf("place %+v", p)
	}
	want := []DeleteRange{{ID{7, 1}, 2}, {ID{7, 5}, 6}, {ID{3, 0}, 1}}
	if got := slices.Collect(ranges); !slices.Equal(got, want) {
		t.Errorf("deletes %v, want %v", got, want)
	}
	for range structs {
		break // an iterator may be left
	}
	for range ranges {
		break
	}
}

func TestPreview(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		content []byte
		limit   int
		want    string
	}{
		{KindJSON, bs(3, vs("undefined"), vs("{\n\"a\": 1}"), vs(`"x"`)), 99, `undefined, { "a": 1}, "x"`},
		{KindBinary, bs(3, 1, 2, 3), 99, `<3 bytes>`},
		{KindString, vs("a\x00\x1b[31m\u009b\u2028\ufeff\\"), 99, `"a\x00\x1b[31m\u009b\u2028\ufeff\\"`},
		{KindString, vs("a long text"), 5, `"a lo…`},
		{KindString, vs("ééé"), 2, `"é…`},
		{KindEmbed, vs(`{"image":"x"}`), 99, `{"image":"x"}`},
		{KindFormat, bs(vs("bold"), vs("true")), 99, `"bold": true`},
		{KindType, bs(2), 99, `YText`},
		{KindType, bs(5, vs("h")), 99, `YXmlHook "h"`},
		{KindAny, bs(4, 127, 120, 121, 125, 0x41), 99, `undefined, true, false, -1`},
		{KindAny, bs(2, 123, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 122, 0, 0, 0, 0, 0, 0, 0, 5), 99, `0.1, 5n`},
		{KindAny, bs(1, 117, 2, 116, 1, 0, 118, 2, vs("a"), 126, vs("b"), 119, vs("é")), 99, `[<1 bytes>, {"a": null, "b": "é"}]`},
		{KindAny, bs(100, bytes.Repeat([]byte{126}, 100)), 9, `null, null…`},
		{KindDoc, bs(vs("guid"), 118, 1, vs("gc"), 121), 99, `"guid" {"gc": false}`},
	} {
		st := Struct{Kind: c.kind, Content: c.content}
		if got := string(st.AppendPreview([]byte("> "), c.limit)); got != "> "+c.want {
			t.Errorf("%v %x: got %s, want %s", c.kind, c.content, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	if KindGC.String() != "GC" || KindSkip.String() != "Skip" || Kind(11).String() != "unknown" {
		t.Error("kinds are misnamed")
	}
	if TypeArray.String() != "YArray" || TypeXMLText.String() != "YXmlText" || TypeRef(7).String() != "unknown" {
		t.Error("types are misnamed")
	}
}

// Every struct that is decoded is encoded to the same bytes, but for the key's
// flag where no key follows.
func TestStructRoundTrip(t *testing.T) {
	u := everything()
	structs, _, err := Inspect(u)
	if err != nil {
		t.Fatal(err)
	}
	s := scan(u, withJSON)
	s.section()
	for st := range structs {
		if !s.next() {
			s.section()
			s.next()
		}
		want := bytes.Clone(u[s.off:s.Offset()])
		want[0] = fixedInfo(want[0])
		if got := st.appendTo(nil); !bytes.Equal(got, want) {
			t.Errorf("%v at %d: %x, want %x", st.Kind, st.Clock, got, want)
		}
	}
}
