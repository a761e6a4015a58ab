package room

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDiagrams compares the diagrams in docs/room.md with the transition tables.
// With -rewrite it draws them.
func TestDiagrams(t *testing.T) {
	const file = "../../docs/room.md"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(content)
	for name, diagram := range map[string]string{"phases": diagram(phases[:]), "feeds": diagram(feeds[:])} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
		before, rest, ok := strings.Cut(doc, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no place for %s", file, name)
		}
		doc = before + begin + diagram + end + after
	}
	if doc == string(content) {
		return
	}
	if rewrite := flag.Lookup("rewrite"); rewrite != nil && rewrite.Value.String() == "true" {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s does not show the tables in states.go; go test ./core/room -run TestDiagrams -rewrite", file)
}

// diagram draws a transition table; the first state in it is where one begins.
func diagram[S interface {
	~uint8
	fmt.Stringer
}](table [][events]S) string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %v\n", S(1))
	for from := 1; from < len(table); from++ {
		for e := range events {
			if to := table[from][e]; to != 0 {
				fmt.Fprintf(&b, "    %v --> %v: %v\n", S(from), to, e)
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}

func TestTablesAreComplete(t *testing.T) {
	for p := silent; p <= gone; p++ {
		if p.String() == "" {
			t.Errorf("phase %d has no name", p)
		}
		for e := range events {
			if n := p.next(e); n < silent || n > gone || p == gone && n != gone {
				t.Errorf("%v goes to %d on %v", p, n, e)
			}
		}
	}
	for f := none; f <= loading; f++ {
		if f.String() == "" {
			t.Errorf("feed %d has no name", f)
		}
		for e := range events {
			if n := f.next(e); n < none || n > loading {
				t.Errorf("%v goes to %d on %v", f, n, e)
			}
		}
	}
	for e := range events {
		if e.String() == "" {
			t.Errorf("event %d has no name", e)
		}
	}
	if len(phases) != int(gone)+1 || len(feeds) != int(loading)+1 {
		t.Error("a state has no row")
	}
}
