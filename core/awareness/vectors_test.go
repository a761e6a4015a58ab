package awareness

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAgainstYProtocols repeats what npm y-protocols did in random runs (see
// testdata/make.mjs) and compares what both know and encode after each step.
func TestAgainstYProtocols(t *testing.T) {
	var runs []struct {
		Local uint64
		Steps []struct {
			Apply          []byte
			Local          *string
			Remove         []uint64
			Known, Present []byte
		}
	}
	if err := json.Unmarshal(unzip(t, "testdata/y-protocols.json.gz"), &runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		t.Fatal("no runs")
	}
	for i, run := range runs {
		s := New(Limits{})
		mustSetLocal(t, s, 0, run.Local, "{}")
		clients := map[uint64]bool{}
		for j, step := range run.Steps {
			switch {
			case step.Apply != nil:
				if _, err := s.Apply(0, step.Apply); err != nil {
					t.Fatalf("run %d step %d: %v", i, j, err)
				}
			case step.Local != nil && *step.Local == "":
				if _, err := s.SetLocal(0, run.Local, nil); err != nil {
					t.Fatal(err)
				}
			case step.Local != nil:
				mustSetLocal(t, s, 0, run.Local, *step.Local)
			default:
				s.Remove(0, step.Remove...)
			}
			for _, e := range decode(t, step.Known) {
				clients[e.client] = true
			}
			var known []uint64
			for c := range clients {
				known = append(known, c)
			}
			if got := s.Encode(known); !bytes.Equal(got, step.Known) {
				t.Fatalf("run %d step %d: known\n got %v\nwant %v", i, j, decode(t, got), decode(t, step.Known))
			}
			if got := s.EncodeAll(); !bytes.Equal(got, step.Present) {
				t.Fatalf("run %d step %d: present\n got %v\nwant %v", i, j, decode(t, got), decode(t, step.Present))
			}
		}
	}
}

// TestVectorsAreReproduced runs the script again.
func TestVectorsAreReproduced(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: ", err)
	}
	if _, err := os.Stat("../../node_modules/y-protocols"); err != nil {
		t.Skip("npm packages are not installed (npm ci): ", err)
	}
	again := filepath.Join(t.TempDir(), "again.json.gz")
	if out, err := exec.Command("node", "testdata/make.mjs", again).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Equal(unzip(t, again), unzip(t, "testdata/y-protocols.json.gz")) {
		t.Error("testdata/make.mjs makes something else")
	}
}

func unzip(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
