package relay

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var inputNames = [...]string{
	start: "Start", stop: "Stop", opened: "opened", challenge: "401, credentials not tried",
	lost: "lost", refused: "refused", faulted: "malformed frame", expired: "time is up",
}

var actionNames = [...]string{
	dial: "dial", present: "present credentials", ask: "ask for every document",
	hangUp: "hang up", forget: "forget the queue", retry: "back off", rest: "back off longest",
}

func TestTableIsComplete(t *testing.T) {
	type key struct {
		from Status
		on   input
	}
	seen := map[key]bool{}
	reached := map[Status]bool{Stopped: true}
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
		// The queue is of a connection: it ends with it, and time goes on after.
		if has := slices.Contains(r.do, forget); has != (r.from == Connected) {
			t.Errorf("%v on %s: forgets the queue: %v", r.from, inputNames[r.on], has)
		}
		waits := slices.Contains(r.do, retry) || slices.Contains(r.do, rest)
		if waits != (r.to == Waiting || r.to == Refused) {
			t.Errorf("%v on %s: waits: %v", r.from, inputNames[r.on], waits)
		}
		if has := slices.Contains(r.do, dial); has != (r.to == Connecting) {
			t.Errorf("%v on %s: dials: %v", r.from, inputNames[r.on], has)
		}
	}
	for s := range Status(len(statusNames)) {
		if !reached[s] {
			t.Errorf("%v cannot be reached", s)
		}
		if seen[key{s, stop}] == (s == Stopped) || seen[key{s, expired}] == (s == Stopped) {
			t.Errorf("%v: no way on", s)
		}
		for _, in := range []input{lost, refused} {
			if seen[key{s, in}] != (s == Connecting || s == Connected) {
				t.Errorf("%v has no answer to %s", s, inputNames[in])
			}
		}
	}
}

var rewrite = flag.Bool("draw", false, "draw the diagram in docs/relay.md anew")

// TestDiagram checks that the diagram in docs/relay.md is what the table says.
func TestDiagram(t *testing.T) {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> stopped\n")
	for _, r := range table {
		b.WriteString("    " + r.from.String() + " --> " + r.to.String() + ": " + inputNames[r.on])
		for i, a := range r.do {
			b.WriteString([]string{" / ", ", "}[min(i, 1)] + actionNames[a])
		}
		b.WriteString("\n")
	}
	b.WriteString("```\n")
	const file, begin, end = "../../docs/relay.md", "<!-- states -->\n", "<!-- end of states -->\n"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/relay.md has no place for the diagram")
	}
	if old == b.String() {
		return
	}
	if !*rewrite {
		t.Fatal("the diagram is old: go test ./core/relay -run TestDiagram -draw")
	}
	if err := os.WriteFile(file, []byte(before+begin+b.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
