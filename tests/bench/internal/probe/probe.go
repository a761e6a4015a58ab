// Package probe is weft's server with a window into its own process, to say
// where memory goes that can only be weighed whole from outside.
//
// [Serve] runs in a process of its own: the server as `weft serve` runs it, over
// Badger, and beside it what the Go runtime knows of itself at [MemoryPath] and
// net/http/pprof at /debug/pprof/. [Read] asks such a process.
package probe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // registers on http.DefaultServeMux
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/weft-sync/weft/native/badgerstore"
	"github.com/weft-sync/weft/server"
)

// MemoryPath is where a probe answers with a [Memory].
const MemoryPath = "/debug/memory"

// Memory is how a Go process divides what it holds, in bytes.
type Memory struct {
	Live       uint64 `json:"live"`     // objects that are reachable
	Garbage    uint64 `json:"garbage"`  // objects that are not, up to the next collection
	Spare      uint64 `json:"spare"`    // heap pages held for objects to come
	Stacks     uint64 `json:"stacks"`   // of goroutines
	Metadata   uint64 `json:"metadata"` // the runtime's own
	Goroutines uint64 `json:"goroutines"`
	Sites      []Site `json:"sites"` // what is live, by who allocated it, largest first
}

// A Site is a place in the program that allocated.
type Site struct {
	Func    string `json:"func"` // the first function outside the runtime, and its caller
	Bytes   int64  `json:"bytes"`
	Objects int64  `json:"objects"`
}

// Serve serves documents on addr with Badger in dir until ctx ends. Every
// allocation is recorded, so it must be called first thing in the process.
func Serve(ctx context.Context, addr, dir string) error {
	runtime.MemProfileRate = 1
	store, err := badgerstore.Open(dir)
	if err != nil {
		return err
	}
	defer store.Close()
	docs, err := server.New(server.Config{Store: store})
	if err != nil {
		return err
	}
	http.HandleFunc(MemoryPath, func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(read())
	})
	http.Handle("/", docs)
	s := http.Server{Addr: addr}
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		docs.Shutdown(limited)
		s.Close()
	})
	defer stop()
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func read() Memory {
	var m Memory
	total := sample("/memory/classes/heap/objects:bytes")
	m.Spare = sample("/memory/classes/heap/unused:bytes") + sample("/memory/classes/heap/free:bytes")
	m.Stacks = sample("/memory/classes/heap/stacks:bytes")
	m.Metadata = sample("/memory/classes/metadata/mcache/inuse:bytes") + sample("/memory/classes/metadata/mspan/inuse:bytes") +
		sample("/memory/classes/metadata/other:bytes") + sample("/memory/classes/os-stacks:bytes") + sample("/memory/classes/other:bytes")
	m.Goroutines = sample("/sched/goroutines:goroutines")
	runtime.GC()
	m.Live = sample("/memory/classes/heap/objects:bytes")
	m.Garbage = total - min(total, m.Live)
	m.Sites = sites()
	return m
}

func sample(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}

// sites sums the heap profile by allocating function.
func sites() []Site {
	var records []runtime.MemProfileRecord
	n, _ := runtime.MemProfile(nil, false)
	for ok := false; !ok; {
		records = make([]runtime.MemProfileRecord, n+100)
		n, ok = runtime.MemProfile(records, false)
	}
	by := map[string]*Site{}
	for _, r := range records[:n] {
		name := allocator(r.Stack())
		s := by[name]
		if s == nil {
			s = &Site{Func: name}
			by[name] = s
		}
		s.Bytes += r.InUseBytes()
		s.Objects += r.InUseObjects()
	}
	var all []Site
	for _, s := range by {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Site) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return all
}

// allocator names the first function outside the runtime and the nearest above
// it in another package.
func allocator(stack []uintptr) string {
	frames := runtime.CallersFrames(stack)
	var first string
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "" || strings.HasPrefix(f.Function, "runtime."):
		case first == "":
			first = f.Function
		case packageOf(f.Function) != packageOf(first):
			return first + " < " + f.Function
		}
		if !more {
			return cmp.Or(first, "runtime")
		}
	}
}

func packageOf(function string) string {
	dir := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[dir:], ".")
	return function[:dir] + name
}

// Read asks a probe what it holds now, after a collection of garbage.
func Read(ctx context.Context, addr string) (Memory, error) {
	var m Memory
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+MemoryPath, nil)
	if err != nil {
		return m, err
	}
	// A connection of its own, closed at once: a kept one would be weighed too.
	t := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}
	resp, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return m, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return m, fmt.Errorf("probe: %s", resp.Status)
	}
	return m, json.NewDecoder(resp.Body).Decode(&m)
}
