//go:build unix

package badgerstore

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weft-sync/weft/native/store"
)

// benchUpdate is about what Yjs sends for a keystroke.
var benchUpdate = append([]byte{1, 1, 0xb1, 0xb2, 0xb3, 0xb4, 5, 0x80, 0x84, 0xb1, 0xb2, 0xb3, 0xb4, 5, 0x7f, 1, 'a', 0}, make([]byte, 8)...)

func benchStore(b *testing.B, o Options) *Store {
	o.Logger = quietLog()
	st, err := o.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return st
}

func benchDocs(b *testing.B, st *Store, n int) []store.Doc {
	docs := make([]store.Doc, n)
	for i := range docs {
		d, err := st.Open(context.Background(), fmt.Sprint("document ", i))
		if err != nil {
			b.Fatal(err)
		}
		docs[i] = d
	}
	return docs
}

// reportRate adds what b.Loop does not: appends per second and processor time.
func reportRate(b *testing.B) func() {
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	return func() {
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
	}
}

// BenchmarkAppend appends to many documents in turn, with so many updates on the
// way as 64 for each document.
func BenchmarkAppend(b *testing.B) {
	for _, bench := range []struct {
		documents int
		sync      Sync
	}{{1, SyncNever}, {8, SyncNever}, {100, SyncNever}, {1000, SyncNever}, {8, SyncAlways}, {1000, SyncAlways}} {
		b.Run(fmt.Sprintf("documents=%d/sync=%v", bench.documents, bench.sync), func(b *testing.B) {
			st := benchStore(b, Options{Sync: bench.sync})
			docs := benchDocs(b, st, bench.documents)
			slots := make(chan struct{}, 64*bench.documents)
			done := func(err error) {
				if err != nil {
					b.Error(err)
				}
				<-slots
			}
			b.ReportAllocs()
			report := reportRate(b)
			i := 0
			for b.Loop() {
				slots <- struct{}{}
				docs[i].Append(benchUpdate, done)
				if i++; i == len(docs) {
					i = 0
				}
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
			report()
		})
	}
}

// BenchmarkAppendWait appends one update at a time: what a keystroke costs on a
// server that does nothing else.
func BenchmarkAppendWait(b *testing.B) {
	for _, s := range []Sync{SyncNever, SyncAlways} {
		b.Run("sync="+s.String(), func(b *testing.B) {
			st := benchStore(b, Options{Sync: s})
			d := benchDocs(b, st, 1)[0]
			saved := make(chan error, 1)
			done := func(err error) { saved <- err }
			b.ReportAllocs()
			report := reportRate(b)
			for b.Loop() {
				d.Append(benchUpdate, done)
				if err := <-saved; err != nil {
					b.Fatal(err)
				}
			}
			report()
		})
	}
}

// BenchmarkOpen loads a document with 500 updates in the log.
func BenchmarkOpen(b *testing.B) {
	for _, batched := range []bool{true, false} {
		b.Run(fmt.Sprintf("batched=%v", batched), func(b *testing.B) {
			st := benchStore(b, Options{})
			d := benchDocs(b, st, 1)[0]
			for range 500 {
				var saved sync.WaitGroup
				saved.Add(1)
				d.Append(benchUpdate, func(error) { saved.Done() })
				if !batched {
					saved.Wait()
				}
			}
			if err := d.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				d, err := st.Open(context.Background(), "document 0")
				if err != nil || len(d.Parts()) != 500 {
					b.Fatal(err)
				}
				if err := d.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLargeAppend appends updates of 1 MiB.
func BenchmarkLargeAppend(b *testing.B) {
	st := benchStore(b, Options{})
	d := benchDocs(b, st, 1)[0]
	u := bytes.Repeat([]byte("weft"), 256<<10)
	saved := make(chan error, 1)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		d.Append(u, func(err error) { saved <- err })
		if err := <-saved; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenStore opens and closes a store with 64 MiB in it.
func BenchmarkOpenStore(b *testing.B) {
	for _, skip := range []bool{false, true} {
		b.Run(fmt.Sprintf("check=%v", !skip), func(b *testing.B) {
			o := Options{SkipCheck: skip, Logger: quietLog()}
			dir := b.TempDir()
			st, err := o.Open(dir)
			if err != nil {
				b.Fatal(err)
			}
			u := bytes.Repeat([]byte("weft"), 16<<10)
			var saved sync.WaitGroup
			for _, d := range benchDocs(b, st, 1024) {
				saved.Add(1)
				d.Append(u, func(error) { saved.Done() })
			}
			saved.Wait()
			if err := st.Close(); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(64 << 20)
			for b.Loop() {
				began := time.Now()
				st, err := o.Open(dir)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "open-ms")
				if err := st.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
