package document

import (
	"iter"
	"testing"
)

// TestScripts plays the stored scripts.
func TestScripts(t *testing.T) {
	steps, err := Stored()
	if err != nil {
		t.Fatal(err)
	}
	if n := playAll(t, steps); n == 0 {
		t.Fatal("no scripts are stored")
	}
}

// playAll plays scripts, each as a test of its own, and returns how many there were.
func playAll(t *testing.T, steps iter.Seq2[*Step, error]) (scripts int) {
	next, stop := iter.Pull2(steps)
	defer stop()
	s, err, more := next()
	for more && err == nil {
		script := []*Step{s}
		for s, err, more = next(); more && err == nil && s.Script == ""; s, err, more = next() {
			script = append(script, s)
		}
		t.Run(script[0].Script, func(t *testing.T) {
			var p player
			for _, s := range script {
				if err := p.Play(s); err != nil {
					t.Fatal(err) // what follows a difference follows from it
				}
			}
		})
		scripts++
	}
	if err != nil {
		t.Fatal(err)
	}
	return scripts
}
