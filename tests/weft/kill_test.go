//go:build unix

package weft

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/badgerstore"
	"github.com/weft-sync/weft/native/client"
)

// TestSavedMeansSaved kills the binary with SIGKILL at random while people type, and
// looks into its store each time: every edit that was reported saved is there. The
// number of kills is WEFT_KILLS, 20 if that is not set.
func TestSavedMeansSaved(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 3
	}
	if v := os.Getenv("WEFT_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))

	dir := t.TempDir()
	bin := filepath.Join(dir, "weft")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/weft-sync/weft/native/cmd/weft").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b := &binary{t: t, path: bin, data: filepath.Join(dir, "data"), listen: freeAddress(t)}

	documents := []string{"one", "two"}
	var typists []*typist
	for i := range 4 {
		typists = append(typists, newTypist(t, "ws://"+b.listen, documents[i%2], uint64(i+1)))
	}
	var stop atomic.Bool
	var typing sync.WaitGroup
	for _, p := range typists {
		pauses := rand.New(rand.NewPCG(seed, uint64(p.id)+1))
		typing.Go(func() {
			for !stop.Load() {
				if !p.types() {
					return
				}
				time.Sleep(time.Duration(pauses.IntN(3000)) * time.Microsecond)
			}
		})
	}
	defer func() {
		stop.Store(true)
		typing.Wait()
	}()

	reported := uint64(0)
	for range kills {
		b.start()
		time.Sleep(time.Duration(50+random.IntN(250)) * time.Millisecond)
		b.kill()
		reported = b.check(documents, typists)
	}
	if reported == 0 {
		t.Error("nothing was ever reported saved: the servers were killed too soon")
	}

	// And in the end everything is saved.
	b.start()
	stop.Store(true)
	typing.Wait()
	for _, p := range typists {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if err := p.client.WaitSaved(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	}
	b.kill()
	b.check(documents, typists)
	for _, p := range typists {
		if p.saved.Load() != p.made.Load() {
			t.Errorf("%d edits were made and %d saved", p.made.Load(), p.saved.Load())
		}
	}
	t.Logf("%d kills, %d edits reported saved", kills+1, reported)
}

// typist is a client whose every edit is one letter, so that its clock counts them.
type typist struct {
	client *client.Client
	id     uint64
	made   atomic.Uint64
	saved  atomic.Uint64 // the first so many were reported saved
}

func newTypist(t *testing.T, url, document string, id uint64) *typist {
	p := &typist{id: id}
	c, err := client.New(url, document, update.NewDoc(), client.Options{
		MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond,
		OnCounts: func(c client.Counts) {
			n := c.Edits - c.Unsaved
			for was := p.saved.Load(); n > was && !p.saved.CompareAndSwap(was, n); was = p.saved.Load() {
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.client = c
	t.Cleanup(func() { c.Close() })
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *typist) types() bool {
	n := p.made.Load()
	var after *coretest.ID
	if n > 0 {
		after = &coretest.ID{Client: p.id, Clock: n - 1}
	}
	if p.client.Update(coretest.Typing(p.id, n, after, "x")) != nil {
		return false
	}
	p.made.Add(1)
	return true
}

// binary is a server's process.
type binary struct {
	t                  *testing.T
	path, data, listen string
	cmd                *exec.Cmd
}

func (b *binary) start() {
	b.t.Helper()
	b.cmd = exec.Command(b.path, "serve", "--no-page", "--listen", b.listen, "--data", b.data, "--commit-interval", "2ms")
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, b.listen) {
		b.t.Fatalf("the server said %q, %v", line, err)
	}
}

func (b *binary) kill() {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Wait(); err == nil {
		b.t.Fatal("the server ended by itself")
	}
}

// check looks that the store has what was reported, and returns how many edits that
// were.
func (b *binary) check(documents []string, typists []*typist) (reported uint64) {
	b.t.Helper()
	// First what was reported: whatever comes later was sent by the dead process too.
	saved := make([]uint64, len(typists))
	for i, p := range typists {
		saved[i] = p.saved.Load()
		reported += saved[i]
	}
	st, err := badgerstore.Open(b.data)
	if err != nil {
		b.t.Fatal(err)
	}
	clocks := map[string]update.StateVector{}
	for _, name := range documents {
		d, err := st.Open(context.Background(), name)
		if err != nil {
			b.t.Fatal(err)
		}
		doc := update.NewDoc()
		for _, part := range d.Parts() {
			if _, err := doc.Apply(part); err != nil {
				b.t.Fatal(err)
			}
		}
		if clocks[name], err = update.DecodeStateVector(doc.StateVector()); err != nil {
			b.t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		b.t.Fatal(err)
	}
	for i, p := range typists {
		if has := clocks[documents[i%2]][p.id]; has < saved[i] {
			b.t.Errorf("%d edits of client %d were reported saved, %d are stored", saved[i], p.id, has)
		}
	}
	return reported
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
