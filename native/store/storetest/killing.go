package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
)

// killDir is the environment variable that makes a test binary a child of Kill.
const killDir = "WEFT_STORETEST_KILL"

const (
	killDocuments = 6
	killInFlight  = 64 // updates appended and not saved, for each document
	killRounds    = 10 // after which a new directory is used, as documents grow
)

// Kill checks that what a store has reported saved survives SIGKILL. It runs the
// test binary again, with this test alone, as a child that opens the store in a
// directory, appends to several documents as fast as it can, compacts them now
// and then, and says what is saved. The child is killed at a random moment, by
// the progress it has made or by time, and the directory is opened and compared
// with what the child said; then another child goes on from there.
//
// It must be called from a top-level test function.
func Kill(t *testing.T, rounds int, open func(dir string) (store.Store, error)) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := beKilled(dir, open); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	var dir string
	var total, compacted, unreported uint64
	for round := range rounds {
		if round%killRounds == 0 {
			dir = t.TempDir()
		}
		said := runAndKill(t, dir, rand.New(rand.NewPCG(uint64(round), 4)))
		st, err := open(dir)
		if err != nil {
			t.Fatalf("round %d: opening what the killed process left: %v", round, err)
		}
		for i := range said.saved {
			d, err := st.Open(context.Background(), killName(i))
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			stored := checkTyping(t, d.Parts(), uint64(i+1))
			if stored < said.saved[i] {
				t.Errorf("round %d: document %d has %d characters, %d were reported saved", round, i, stored, said.saved[i])
			}
			if said.hello[i] {
				total += said.saved[i] - said.began[i]
				unreported += stored - said.saved[i]
			}
		}
		compacted += said.compacted
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rounds: %d characters reported saved, %d more were there, %d compactions", rounds, total, unreported, compacted)
	if total == 0 {
		t.Error("no child lived long enough to save anything")
	}
}

func killName(i int) string { return fmt.Sprint("document ", i) }

// killText is what is typed into all documents: character n is killText(n).
func killText(from, size uint64) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = ' ' + byte((from+uint64(i))*7%95)
	}
	return string(b)
}

// checkTyping checks that the parts carry one run of characters from the first
// one on, as they were typed, and returns its length.
func checkTyping(t *testing.T, parts [][]byte, client uint64) uint64 {
	var at uint64
	for i, p := range parts {
		from, to := span(t, p)
		if from != at {
			t.Fatalf("part %d of %d begins at character %d, the one before ended at %d", i, len(parts), from, at)
		}
		if string(p) != string(typed(client, from, killText(from, to-from))) {
			t.Fatalf("part %d of %d, characters %d to %d, is not what was appended", i, len(parts), from, to)
		}
		at = to
	}
	return at
}

// progress is what a child has said.
type progress struct {
	hello        [killDocuments]bool // the child has opened the document
	began, saved [killDocuments]uint64
	compacted    uint64
}

// runAndKill runs a child, kills it, and returns what it has said until then.
func runAndKill(t *testing.T, dir string, random *rand.Rand) progress {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() { _ = cmd.Process.Kill() })
	defer kill()
	// One child in three is killed by time, which also hits the opening.
	lines, limit := 0, 20+random.IntN(4000)
	if random.IntN(3) == 0 {
		timer := time.AfterFunc(time.Duration(random.IntN(400))*time.Millisecond, kill)
		defer timer.Stop()
		limit = 1 << 30
	}
	var p progress
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		line := scan.Text()
		var i int
		var n uint64
		switch {
		case parse(line, "began %d %d", &i, &n):
			p.hello[i], p.began[i], p.saved[i] = true, n, n
		case parse(line, "saved %d %d", &i, &n):
			p.saved[i] = n
			if lines++; lines == limit {
				kill()
			}
		case parse(line, "compacted %d", &i):
			p.compacted++
		case strings.HasPrefix(line, "error "):
			t.Errorf("child: %s", line)
			kill()
		}
	}
	_ = cmd.Wait() // killed
	if s := complaints.String(); strings.Contains(s, "panic") || strings.Contains(s, "fatal") {
		t.Errorf("child: %s", s)
	}
	return p
}

// parse tells if a complete line has the given form.
func parse(line, format string, args ...any) bool {
	n, err := fmt.Sscanf(line, format, args...)
	return err == nil && n == len(args)
}

// beKilled is the child. It returns only if something is wrong.
func beKilled(dir string, open func(dir string) (store.Store, error)) error {
	st, err := open(dir)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	for i := range killDocuments {
		d, err := st.Open(context.Background(), killName(i))
		if err != nil {
			return err
		}
		go func() { fail(typeForever(d, i)) }()
	}
	return <-failed
}

func typeForever(d store.Doc, i int) error {
	client := uint64(i + 1)
	var at uint64
	for _, p := range d.Parts() {
		structs, _, err := update.Contents(p)
		if err != nil {
			return err
		}
		for _, r := range structs.All() {
			at = r.End
		}
	}
	say("began %d %d", i, at)
	random := rand.New(rand.NewPCG(client, at))
	slots := make(chan struct{}, killInFlight)
	compacting := make(chan error, 1)
	compacting <- nil
	for {
		slots <- struct{}{}
		size := uint64(1 + random.IntN(20))
		switch random.IntN(300) {
		case 0:
			size = uint64(random.IntN(900 << 10))
		case 1:
			size = uint64(random.IntN(20 << 10))
		}
		size = max(size, 1)
		u := typed(client, at, killText(at, size))
		at += size
		end := at
		d.Append(u, func(err error) {
			if err == nil {
				say("saved %d %d", i, end)
			} else {
				say("error document %d: %v", i, err)
			}
			<-slots
		})
		if entries, bytes := d.LogSize(); entries < 200 && bytes < 2<<20 {
			continue
		}
		select {
		case err := <-compacting:
			if err != nil {
				return err
			}
			snapshot := typed(client, 0, killText(0, at))
			if len(snapshot) > 16<<20 {
				return io.EOF // the parent should have killed us long ago
			}
			go func() {
				err := d.Compact(context.Background(), snapshot)
				if err == nil {
					say("compacted %d", i)
				}
				compacting <- err
			}()
		default:
		}
	}
}

// say writes a line that is out when it returns: os.Stdout has no buffer, and a
// pipe keeps what is in it when the writer is killed.
func say(format string, args ...any) {
	if _, err := fmt.Fprintf(os.Stdout, format+"\n", args...); err != nil && !errors.Is(err, os.ErrClosed) {
		os.Exit(2) // the parent is gone
	}
}
