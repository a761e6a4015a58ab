package crdt_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// subdocNames says of subdocuments their name, whether they are to be loaded (!), by
// everyone (a), whether they keep what is deleted (k), and their meta value.
func subdocNames(docs []*crdt.Doc) string {
	var names []string
	for _, d := range docs {
		s := d.GUID()
		if d.ShouldLoad() {
			s += "!"
		}
		if d.AutoLoad() {
			s += "a"
		}
		if d.Meta() != nil {
			s += fmt.Sprint(d.Meta())
		}
		names = append(names, s)
	}
	return strings.Join(names, ",")
}

func watchSubdocs(d *crdt.Doc, name string, log *[]string) {
	d.OnSubdocs(func(e crdt.SubdocsEvent) {
		*log = append(*log, fmt.Sprintf("%s +[%s] *[%s] -[%s] = %s", name, subdocNames(e.Added),
			subdocNames(e.Loaded), subdocNames(e.Removed), strings.Join(d.SubdocGUIDs(), ",")))
	})
}

// What is wanted is what yjs@13.6.33 says for the same steps.
func TestSubdocs(t *testing.T) {
	var log []string
	doc, d2 := newDoc(1), newDoc(2)
	watchSubdocs(doc, "a", &log)
	watchSubdocs(d2, "b", &log)
	doc.OnUpdate(func(u []byte, _ *crdt.Txn) {
		log = append(log, "u "+hex.EncodeToString(u))
		if _, err := d2.Apply(u); err != nil {
			t.Fatal(err)
		}
	})
	m, a := doc.Map("m"), doc.Array("a")
	a2 := d2.Array("a")
	sub := func(guid string, o ...crdt.Option) *crdt.Doc { return crdt.NewDoc(append(o, crdt.WithGUID(guid))...) }
	s1 := sub("s1", crdt.WithMeta(crdt.Object{{Key: "x", Value: 1}, {Key: "y", Value: []any{true, "z"}}}), crdt.WithAutoLoad())
	s1.OnDestroy(func() { log = append(log, "destroy s1") })
	set := func(key string, d *crdt.Doc) {
		change(t, doc, func(tx *crdt.Txn) error { return m.Set(tx, key, d) })
	}
	set("k", s1)
	change(t, doc, func(tx *crdt.Txn) error {
		return a.Insert(tx, 0, 1, sub("s2", crdt.WithoutGC()), sub("s3", crdt.WithoutLoad()), "x")
	})
	a2.Get(2).(*crdt.Doc).Load()
	a.Get(2).(*crdt.Doc).Load()
	a.Get(2).(*crdt.Doc).Load()
	s1.Destroy()
	k, _ := m.Get("k")
	k.(*crdt.Doc).Load()
	set("k", sub("s4"))
	change(t, doc, func(tx *crdt.Txn) error {
		if err := m.Set(tx, "q", sub("s5")); err != nil {
			return err
		}
		return m.Delete(tx, "q")
	})
	change(t, doc, func(tx *crdt.Txn) error { return a.Delete(tx, 0, 3) })
	set("z", sub("s6"))
	log = append(log, "v1 "+hex.EncodeToString(doc.Encode()), "v2 "+hex.EncodeToString(d2.EncodeV2()))
	doc.Destroy()
	log = append(log, strings.Join(doc.SubdocGUIDs(), ","))
	const meta = "[{x 1} {y [true z]}]"
	want := []string{
		"u 010101002901016d016b0273317602086175746f4c6f616478046d657461760201787d01017975027877017a00",
		"b +[s1!a" + meta + "] *[s1!a" + meta + "] -[] = s1",
		"a +[s1!a" + meta + "] *[s1!a" + meta + "] -[] = s1",
		"u 0104010108010161017d0189010102733276010267637989010202733376008801030177017800",
		"b +[s2,s3] *[] -[] = s1,s2,s3",
		"a +[s2!,s3] *[s2!] -[] = s1,s2,s3",
		"b +[] *[s3] -[] = s1,s2,s3",
		"a +[] *[s3] -[] = s1,s2,s3",
		"a +[s1a" + meta + "] *[] -[s1!a" + meta + "] = s2,s3,s1",
		"destroy s1",
		"a +[] *[s1a" + meta + "] -[] = s2,s3,s1",
		"u 01010105a9010002733476000101010001",
		"b +[s4] *[] -[s1!a" + meta + "] = s2,s3,s4",
		"b +[] *[] -[s1!a" + meta + "] = s2,s3,s4",
		"a +[s4!] *[s4!] -[s1!a" + meta + "] = s2,s3,s4",
		"a +[] *[] -[s1!a" + meta + "] = s2,s3,s4",
		"u 010101062101016d0171010101010601",
		"a +[] *[s5!] -[] = s2,s3,s4",
		"u 000101010103",
		"b +[] *[] -[s2,s3!] = s4",
		"b +[] *[] -[s2] = s4",
		"b +[] *[] -[s3!] = s4",
		"a +[] *[] -[s2!,s3!] = s4",
		"a +[] *[] -[s2!] = s4",
		"a +[] *[] -[s3!] = s4",
		"u 010101072901016d017a027336760000",
		"b +[s6] *[] -[] = s4,s6",
		"a +[s6!] *[s6!] -[] = s4,s6",
		"v1 010601002101016d016b01010101610388010301770178a9010002733476002101016d0171012901016d017a027336760001010200040601",
		"v2 0000024101020646000b210001008800a900210029120b6d6b6173346d716d7a733641010241020201010004010341000106007701787600760001010200030200",
		"a +[s4] *[] -[s4!] = s6,s4",
		"a +[s6] *[] -[s6!] = s4,s6",
		"s4,s6",
	}
	for i := range max(len(log), len(want)) {
		if i >= len(log) || i >= len(want) || log[i] != want[i] {
			t.Fatalf("line %d: got %q\nwant %q", i, log[min(i, len(log)):], want[min(i, len(want)):])
		}
	}
}

// Options come as any value, and each property of an object as well. What is wanted
// is what yjs@13.6.33 makes of them.
func TestSubdocOptions(t *testing.T) {
	for _, c := range []struct{ in, out, says string }{
		{"\x76\x00", "\x76\x00", "g"},
		{"\x77\x01x", "\x76\x00", "g"},
		{"\x75\x01\x7d\x05", "\x76\x00", "g"},
		{"\x76\x01\x02gc\x78", "\x76\x00", "g"},
		{"\x76\x01\x02gc\x7e", "\x76\x01\x02gc\x79", "g"},
		{"\x76\x01\x02gc\x7f", "\x76\x00", "g"},
		{"\x76\x01\x08autoLoad\x77\x00", "\x76\x00", "g"},
		{"\x76\x01\x08autoLoad\x77\x01y", "\x76\x01\x08autoLoad\x78", "g!a"},
		{"\x76\x01\x0ashouldLoad\x7d\x01", "\x76\x00", "g!"},
		{"\x76\x02\x04meta\x7d\x07\x02gc\x79", "\x76\x02\x02gc\x79\x04meta\x7d\x07", "g7"},
		{"\x76\x02\x04meta\x7d\x07\x04meta\x7e", "\x76\x00", "g"},
	} {
		u := []byte("\x01\x01\x07\x00\x09\x01\x01a\x01g" + c.in + "\x00")
		want := "\x01\x01\x07\x00\x09\x01\x01a\x01g" + c.out + "\x00"
		d := newDoc(1)
		if _, err := d.Apply(u); err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if got := subdocNames(d.Subdocs()); got != c.says {
			t.Errorf("%q: got %s, want %s", c.in, got, c.says)
		}
		if got := string(d.Encode()); got != want {
			t.Errorf("%q: got %q, want %q", c.in, got, want)
		}
	}
}

func TestSubdocRefused(t *testing.T) {
	d := newDoc(1)
	a := d.Array("a")
	sub := crdt.NewDoc(crdt.WithMeta(struct{}{}))
	insert := func(values ...any) error {
		return d.Transact(func(tx *crdt.Txn) error { return a.Insert(tx, 0, values...) })
	}
	if err := insert(sub); !errors.Is(err, crdt.ErrValue) {
		t.Errorf("a meta value of no kind: %v", err)
	}
	if err := insert(d); !errors.Is(err, crdt.ErrSubdoc) {
		t.Errorf("a document in itself: %v", err)
	}
	sub = crdt.NewDoc()
	if err := insert(sub, sub); !errors.Is(err, crdt.ErrSubdoc) {
		t.Errorf("a document twice: %v", err)
	}
	if err := insert(sub); err != nil || sub.Within() != d {
		t.Fatalf("%v, within %p", err, sub.Within())
	}
	if err := insert(sub); !errors.Is(err, crdt.ErrSubdoc) {
		t.Errorf("a document that is in one already: %v", err)
	}
	b := sub.Array("b")
	err := sub.Transact(func(tx *crdt.Txn) error { return b.Insert(tx, 0, d) })
	if !errors.Is(err, crdt.ErrSubdoc) {
		t.Errorf("a document in what is in it: %v", err)
	}
	if a.Len() != 1 || b.Len() != 0 {
		t.Errorf("there are %d and %d values", a.Len(), b.Len())
	}
}

func TestGUID(t *testing.T) {
	d := crdt.NewDoc()
	id := d.GUID()
	if len(id) != 36 || id[14] != '4' || !strings.Contains("89ab", id[19:20]) || id != d.GUID() || id == crdt.NewDoc().GUID() {
		t.Errorf("%q is no UUID of version 4", id)
	}
}

// A place in the table of subdocuments is used again.
func TestSubdocPlaces(t *testing.T) {
	d := newDoc(1)
	m := d.Map("m")
	var kept []*crdt.Doc
	for i := range 100 {
		sub := crdt.NewDoc(crdt.WithGUID(fmt.Sprint(i)))
		kept = append(kept, sub)
		change(t, d, func(tx *crdt.Txn) error { return m.Set(tx, "k", sub) })
	}
	if n := crdt.SubdocTableLen(d); n > 4 {
		t.Errorf("the table has %d places", n)
	}
	if got := d.Subdocs(); len(got) != 1 || got[0] != kept[99] {
		t.Errorf("got %v", got)
	}
	if slices.ContainsFunc(kept[:99], func(s *crdt.Doc) bool { return s.Within() != nil || !s.Destroyed() }) {
		t.Error("one that was replaced is still within the document")
	}
}

func ExampleDoc_Subdocs() {
	folder := crdt.NewDoc(crdt.WithClientID(1))
	folder.OnSubdocs(func(e crdt.SubdocsEvent) {
		for _, page := range e.Loaded {
			fmt.Println("sync", page.GUID())
		}
	})
	pages := folder.Map("pages")
	err := folder.Transact(func(tx *crdt.Txn) error {
		return pages.Set(tx, "intro", crdt.NewDoc(crdt.WithGUID("page-1"), crdt.WithoutLoad()))
	})
	if err != nil {
		panic(err)
	}
	intro, _ := pages.Get("intro")
	intro.(*crdt.Doc).Load()
	fmt.Println(folder.SubdocGUIDs())
	// Output:
	// sync page-1
	// [page-1]
}
