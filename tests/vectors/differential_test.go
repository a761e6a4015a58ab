//go:build !js

package vectors

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestDifferential compares with npm yjs on random cases that are not stored.
// WEFT_SEED and WEFT_CASES choose which and how many.
func TestDifferential(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	if _, err := os.Stat("../../node_modules/yjs"); err != nil {
		t.Skip("skipped: node_modules/yjs is not there; run npm ci")
	}
	seed, cases := env(t, "WEFT_SEED", 1000), env(t, "WEFT_CASES", 60)
	cmd := exec.Command(node, "differential.mjs", strconv.Itoa(seed), strconv.Itoa(cases))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	list, err := Read(out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(list) <= cases { // most are there in both versions
		t.Fatalf("got %d cases, want more than %d", len(list), cases)
	}
	for i := range list {
		t.Run(list[i].Name, func(t *testing.T) { RunCase(t, core{}, &list[i]) })
	}
}

func env(t *testing.T, name string, otherwise int) int {
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
