//go:build !js && !wasip1

package document

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestLockstep does with core/crdt what real yjs does in Node, step by step: clients
// edit, receive some of each other's updates, disconnect and catch up.
//
// WEFT_SEED and WEFT_SCRIPTS choose which scripts and how many, WEFT_STEPS how many
// steps each has, WEFT_KIND one of the kinds in random.mjs. A script is named by its
// seed, and the same seed makes the same script.
func TestLockstep(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	if _, err := os.Stat("../../node_modules/yjs"); err != nil {
		t.Skip("skipped: node_modules/yjs is not there; run npm ci")
	}
	seed, scripts, steps := env(t, "WEFT_SEED", 1), env(t, "WEFT_SCRIPTS", 12), env(t, "WEFT_STEPS", 300)
	cmd := exec.Command(node, "lockstep.mjs", strconv.Itoa(seed), strconv.Itoa(scripts), strconv.Itoa(steps), os.Getenv("WEFT_KIND"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := playAll(t, Read(out))
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if n != scripts {
		t.Fatalf("got %d scripts, want %d", n, scripts)
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
