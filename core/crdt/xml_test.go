package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

func attrs(members ...any) (a crdt.Attrs) {
	for i := 0; i < len(members); i += 2 {
		a = append(a, crdt.Member{Key: members[i].(string), Value: members[i+1]})
	}
	return a
}

// article fills a fragment, with each kind of node in it.
func article(t *testing.T, d *crdt.Doc) crdt.XMLFragment {
	x := d.XMLFragment("x")
	change(t, d, func(tx *crdt.Txn) error {
		section, err := x.InsertElement(tx, 0, "Section")
		if err != nil {
			return err
		}
		for _, a := range []struct {
			name  string
			value any
		}{{"z", 1.5}, {"\U0001F600", true}, {"\uFFFD", nil}, {"a", []any{1, nil, "x"}}, {"o", crdt.Object{}}, {"b", []byte{1, 2}}} {
			if err := section.SetAttribute(tx, a.name, a.value); err != nil {
				return err
			}
		}
		text, err := section.InsertText(tx, 0)
		if err != nil {
			return err
		}
		if err := text.InsertWith(tx, 0, "bold", attrs("strong", true, "a", attrs("href", "x", "class", 2))); err != nil {
			return err
		}
		if err := text.InsertWith(tx, 4, " plain", nil); err != nil {
			return err
		}
		if err := text.InsertEmbed(tx, 0, crdt.Object{}, nil); err != nil {
			return err
		}
		if _, err := x.InsertElement(tx, 1, "br"); err != nil {
			return err
		}
		_, err = x.InsertHookAfter(tx, section, "hook")
		return err
	})
	return x
}

func TestXMLString(t *testing.T) {
	x := article(t, newDoc(1))
	// What yjs 13.6.33 gives for the same nodes.
	want := `<section a="1,,x" b="1,2" o="[object Object]" z="1.5" ` + "\U0001F600" + `="true" ` + "\uFFFD" + `="null">` +
		`[object Object]<a class="2" href="x"><strong>bold</strong></a> plain</section>[object Object]<br></br>`
	if got := x.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestXMLNodes(t *testing.T) {
	d := newDoc(1)
	x := article(t, d)
	section := x.FirstChild().(crdt.XMLElement)
	hook, ok := section.NextSibling().(crdt.XMLHook)
	if !ok || hook.Name() != "hook" || section.PrevSibling() != nil || section.Name() != "Section" {
		t.Errorf("the section's siblings are %v and %v", section.PrevSibling(), section.NextSibling())
	}
	var walked []string
	for n := range x.Walk() {
		switch n := n.(type) {
		case crdt.XMLElement:
			walked = append(walked, n.Name())
		case crdt.XMLHook:
			walked = append(walked, "hook")
		case crdt.XMLText:
			walked = append(walked, "text")
			if n.Parent() != crdt.Shared(section) {
				t.Error("the text is in another node")
			}
		}
	}
	if want := []string{"Section", "text", "hook", "br"}; !slices.Equal(walked, want) {
		t.Errorf("walked %q, want %q", walked, want)
	}
	for e := range x.Query("BR") {
		change(t, d, func(tx *crdt.Txn) error { return x.Delete(tx, 2, 1) })
		if !e.Deleted() {
			t.Error("the element is still there")
		}
	}
	if x.Len() != 2 || x.Get(2) != nil || x.Get(1) != crdt.Shared(hook) {
		t.Errorf("%d children", x.Len())
	}
	change(t, d, func(tx *crdt.Txn) error { return section.RemoveAttribute(tx, "z") })
	if _, ok := section.Attribute("z"); ok || len(section.Attributes()) != 5 {
		t.Errorf("attributes %v", section.Attributes())
	}
}

// deep is how many types lie in each other: what a small update may ask for.
const deep = 1 << 18

func TestDeepXMLString(t *testing.T) {
	d := newDoc(1)
	at := d.XMLFragment("x")
	change(t, d, func(tx *crdt.Txn) error {
		for range deep {
			e, err := at.InsertElement(tx, 0, "p")
			if err != nil {
				return err
			}
			at = e.XMLFragment
		}
		return nil
	})
	if got := d.XMLFragment("x").String(); len(got) != deep*len("<p></p>") || strings.Count(got, "<p>") != deep {
		t.Errorf("%d bytes", len(got))
	}
}
