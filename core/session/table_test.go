package session

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var inputNames = [...]string{
	arrived: "first frame", granted: "granted", denied: "denied", faulted: "fault", flooded: "flooded", expired: "expired",
	left: "Leave", leaves: "Leave, in a room", parted: "parted", closed: "closed",
}

var actionNames = [...]string{
	ask: "ask", accept: "accept", join: "join", flush: "deliver what waited", permit: "permit", part: "part",
	sayDenied: "say denied", sayFault: "say why", sayBusy: "say busy", sayLeft: "say Leave", drop: "drop what waited",
}

func TestTableIsComplete(t *testing.T) {
	type key struct {
		from State
		on   input
	}
	rows := map[key]row{}
	reached := map[State]bool{Absent: true}
	for _, r := range table {
		k := key{r.from, r.on}
		if _, twice := rows[k]; twice {
			t.Errorf("%v has two rows for %s", r.from, inputNames[r.on])
		}
		rows[k] = r
		reached[r.to] = true
	}
	for s := range State(len(stateNames)) {
		if !reached[s] {
			t.Errorf("%v cannot be reached", s)
		}
		if _, ok := rows[key{s, closed}]; ok != (s != Absent) {
			t.Errorf("%v has a row for the end of the connection: %v", s, ok)
		}
	}
	for _, r := range table {
		opens := slices.Contains(r.do, join)
		if opens != (r.from == Asking && r.to == Open) {
			t.Errorf("%v on %s: join is wrong", r.from, inputNames[r.on])
		}
		if (slices.Contains(r.do, flush) || slices.Contains(r.do, permit)) && r.on != granted {
			t.Errorf("%v on %s lets something through", r.from, inputNames[r.on])
		}
		// Whoever was let in is taken out, unless the room did that itself.
		out := r.from == Open && r.to != Open && r.on != faulted
		if slices.Contains(r.do, part) != out {
			t.Errorf("%v on %s: part is wrong", r.from, inputNames[r.on])
		}
		if r.from == Asking && r.to != Open && !slices.Contains(r.do, drop) {
			t.Errorf("%v on %s keeps what waited", r.from, inputNames[r.on])
		}
	}
}

const (
	page        = "../../docs/session.md"
	diagramFrom = "<!-- The diagram is drawn by core/session/table_test.go; go test ./core/session -rewrite -->\n"
	diagramTo   = "<!-- end of the diagram -->\n"
)

// TestDiagram compares the diagram in the documentation with the table, and draws
// it anew with -rewrite.
func TestDiagram(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), diagramFrom)
	_, after, ok2 := strings.Cut(rest, diagramTo)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the diagram", page)
	}
	var d strings.Builder
	d.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> Absent\n")
	for _, r := range table {
		names := make([]string, len(r.do))
		for i, a := range r.do {
			names[i] = actionNames[a]
		}
		does := strings.Join(names, ", ")
		if does == "" {
			does = "-"
		}
		d.WriteString("    " + r.from.String() + " --> " + r.to.String() + ": " + inputNames[r.on] + " / " + does + "\n")
	}
	d.WriteString("```\n")
	want := before + diagramFrom + d.String() + diagramTo + after
	if want == string(b) {
		return
	}
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the diagram in %s is not that of the table; go test ./core/session -run TestDiagram -rewrite", page)
}
