package document

import (
	"bytes"
	"testing"
)

// missing says what a script needs that core/crdt does not have yet.
func missing(script []*Step) string {
	for _, s := range script {
		for _, m := range []struct{ text, what string }{
			{`"restore":`, "snapshots"},
		} {
			if bytes.Contains(s.line, []byte(m.text)) {
				return m.what
			}
		}
	}
	return ""
}

func skipMissing(t *testing.T, script []*Step) {
	if what := missing(script); what != "" {
		t.Skipf("skipped: core/crdt does not have %s yet", what)
	}
}
