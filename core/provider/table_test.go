package provider

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var inputNames = [...]string{
	connect: "Connect", disconnect: "Disconnect", destroy: "Destroy", opened: "opened",
	rejoin: "Rejoin", ended: "ended for good", dropped: "ended for now",
	caughtUp: "step 2 came", lost: "lost", refused: "refused", faulted: "malformed", expired: "time is up",
}

var actionNames = [...]string{
	dial: "dial", announce: "announce to tabs", greet: "greet the server", settle: "settle",
	leave: "say farewell", hangUp: "hang up", quit: "part", down: "tell it is down", bear: "bear with it", retry: "back off", giveUp: "give up",
}

func TestTableIsComplete(t *testing.T) {
	type key struct {
		from State
		on   input
	}
	seen := map[key]bool{}
	reached := map[State]bool{Stopped: true}
	for changed := true; changed; {
		changed = false
		for _, r := range table {
			if reached[r.from] && !reached[r.to] {
				reached[r.to], changed = true, true
			}
		}
	}
	for _, r := range table {
		k := key{r.from, r.on}
		if seen[k] {
			t.Errorf("%v has two rows for %s", r.from, inputNames[r.on])
		}
		seen[k] = true
	}
	for s := range State(len(stateNames)) {
		if !reached[s] {
			t.Errorf("%v cannot be reached", s)
		}
		for _, in := range []input{connect, disconnect, destroy} {
			connecting := s == Dialing || s == Syncing || s == Synced
			want := s != Destroyed && !(in == connect && connecting)
			if seen[key{s, in}] != want {
				t.Errorf("%v has a row for %s: %v, want %v", s, inputNames[in], !want, want)
			}
		}
		// Whoever has a connection or an attempt must have an answer to its end.
		for _, in := range []input{lost, refused, expired} {
			connecting := s == Dialing || s == Syncing || s == Synced
			if connecting && !seen[key{s, in}] {
				t.Errorf("%v has no row for %s", s, inputNames[in])
			}
		}
	}
}

// Each way out of a connection tells that it is down, exactly if there was one.
func TestTableTellsTheEnd(t *testing.T) {
	for _, r := range table {
		has := func(a action) bool {
			for _, b := range r.do {
				if a == b {
					return true
				}
			}
			return false
		}
		connected := r.from == Syncing || r.from == Synced
		ends := connected && r.to != Syncing && r.to != Synced
		if ends != (connected && has(down)) {
			t.Errorf("%v on %s: down is wrong", r.from, inputNames[r.on])
		}
		if has(retry) != (r.to == Waiting) {
			t.Errorf("%v on %s: retry is wrong", r.from, inputNames[r.on])
		}
		if has(dial) != (r.to == Dialing) {
			t.Errorf("%v on %s: dial is wrong", r.from, inputNames[r.on])
		}
		gone := r.on == lost || r.on == refused || r.from == Stopped || r.from == Waiting
		if has(quit) != (r.on == ended || r.on == dropped || r.on == rejoin && connected) {
			t.Errorf("%v on %s: quit is wrong", r.from, inputNames[r.on])
		}
		if has(hangUp) && gone {
			t.Errorf("%v on %s hangs up what is not there", r.from, inputNames[r.on])
		}
		if !has(hangUp) && !has(quit) && !gone && r.to != Dialing && r.to != Syncing && r.to != Synced {
			t.Errorf("%v on %s leaves a connection behind", r.from, inputNames[r.on])
		}
	}
}

const (
	document    = "../../docs/provider.md"
	diagramFrom = "<!-- The diagram is drawn by core/provider/table_test.go; go test ./core/provider -rewrite -->\n"
	diagramTo   = "<!-- end of the diagram -->\n"
)

// TestDiagram compares the diagram in the documentation with the table, and draws
// it anew with -rewrite (a flag of the datadriven package, used here too).
func TestDiagram(t *testing.T) {
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), diagramFrom)
	_, after, ok2 := strings.Cut(rest, diagramTo)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the diagram", document)
	}
	want := before + diagramFrom + diagram() + diagramTo + after
	if want == string(b) {
		return
	}
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the diagram in %s is not that of the table; go test ./core/provider -run TestDiagram -rewrite", document)
}

// diagram draws the table: one arrow for each pair of states and list of actions.
func diagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> Stopped\n")
	drawn := map[int]bool{}
	for i, r := range table {
		if drawn[i] {
			continue
		}
		var inputs []string
		for j := i; j < len(table); j++ {
			o := table[j]
			if o.from == r.from && o.to == r.to && actionText(o.do) == actionText(r.do) {
				drawn[j] = true
				inputs = append(inputs, inputNames[o.on])
			}
		}
		b.WriteString("    " + r.from.String() + " --> " + r.to.String() + ": " +
			strings.Join(inputs, " or ") + " / " + actionText(r.do) + "\n")
	}
	b.WriteString("    Destroyed --> [*]\n```\n")
	return b.String()
}

func actionText(do []action) string {
	names := make([]string, len(do))
	for i, a := range do {
		names[i] = actionNames[a]
	}
	return strings.Join(names, ", ")
}
