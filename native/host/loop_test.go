package host_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const last = -1 // the event that ends a test's loop

// record runs a loop that keeps its batches until it reads last.
func record(loop *host.Loop[int], gate <-chan struct{}) (batches func() [][]int) {
	var (
		got  [][]int
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		loop.Run(func(_ int64, batch []int) int64 {
			if len(batch) > 0 {
				got = append(got, slices.Clone(batch))
			}
			if gate != nil {
				<-gate
			}
			if slices.Contains(batch, last) {
				return host.Stop
			}
			return host.Never
		})
	}()
	return func() [][]int {
		<-done
		return got
	}
}

func TestWhatQueuesTogetherIsOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := host.NewLoop[int](host.NewClock(), 0)
		gate := make(chan struct{})
		batches := record(loop, gate)
		gate <- struct{}{} // the first call, with an empty inbox
		loop.Post(1)
		synctest.Wait() // the loop took 1 and stands in the handler
		for i := 2; i < 6; i++ {
			if err := loop.Put(i, 10); err != nil {
				t.Fatal(err)
			}
		}
		loop.Post(last)
		if n, bytes := loop.Queued(); n != 5 || bytes != 40 {
			t.Errorf("queued %d events of %d bytes, want 5 of 40", n, bytes)
		}
		gate <- struct{}{}
		gate <- struct{}{}
		want := [][]int{{1}, {2, 3, 4, 5, last}}
		if got := batches(); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("batches %v, want %v", got, want)
		}
	})
}

func TestPutWaitsWhileTheInboxIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := host.NewLoop[int](host.NewClock(), 100)
		gate := make(chan struct{})
		batches := record(loop, gate)
		gate <- struct{}{}
		loop.Post(0)
		synctest.Wait()

		// The first is larger than the limit and passes; the second waits.
		if err := loop.Put(1, 1000); err != nil {
			t.Fatal(err)
		}
		var second error
		waiting := true
		go func() {
			second = loop.Put(2, 1)
			waiting = false
		}()
		synctest.Wait()
		if !waiting {
			t.Fatal("Put did not wait although the inbox held more than its limit")
		}
		loop.Post(3) // completions pass
		gate <- struct{}{}
		synctest.Wait()
		if waiting || second != nil {
			t.Fatalf("after the inbox was taken: waiting %v, error %v", waiting, second)
		}
		gate <- struct{}{}
		synctest.Wait()
		loop.Post(last)
		gate <- struct{}{}
		gate <- struct{}{}
		want := [][]int{{0}, {1, 3}, {2}, {last}}
		got := batches()
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("batches %v, want %v", got, want)
		}
	})
}

func TestCloseWakesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := host.NewLoop[int](host.NewClock(), 1)
		if err := loop.Put(1, 2); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := loop.Put(2, 2); !errors.Is(err, host.ErrClosed) {
					t.Errorf("waiting Put: %v, want ErrClosed", err)
				}
			})
		}
		synctest.Wait()
		loop.Close()
		wg.Wait()
		if err := loop.Put(3, 0); !errors.Is(err, host.ErrClosed) {
			t.Errorf("Put after Close: %v, want ErrClosed", err)
		}
		loop.Post(4)
		loop.Post(last)
		want := [][]int{{1, 4, last}}
		if got := record(loop, nil)(); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("batches %v, want %v", got, want)
		}
	})
}

func TestWakesWhenTheMachineAskedForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := host.NewClock()
		loop := host.NewLoop[int](clock, 0)
		var times []int64
		start := clock.Now()
		loop.Run(func(now int64, batch []int) int64 {
			times = append(times, now-start)
			switch len(times) {
			case 1:
				return now + 250
			case 2:
				return now - 5 // in the past: at once
			case 3:
				return now + 100*365*24*3600*1000 // beyond a time.Duration
			}
			return host.Stop
		})
		if want := []int64{0, 250, 250, 250 + 24*3600*1000}; !slices.Equal(times, want) {
			t.Errorf("handled at %v, want %v", times, want)
		}
	})
}

func TestAnEventComesBeforeTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := host.NewClock()
		loop := host.NewLoop[int](clock, 0)
		start := clock.Now()
		time.AfterFunc(40*time.Millisecond, func() { loop.Post(7) })
		var times []int64
		loop.Run(func(now int64, batch []int) int64 {
			times = append(times, now-start)
			if len(times) == 3 {
				return host.Stop
			}
			return start + 1000
		})
		if want := []int64{0, 40, 1000}; !slices.Equal(times, want) {
			t.Errorf("handled at %v, want %v", times, want)
		}
	})
}

func TestRunAgainFindsWhatWasQueued(t *testing.T) {
	loop := host.NewLoop[int](host.NewClock(), 0)
	stop := func(_ int64, batch []int) int64 { return host.Stop }
	loop.Run(stop)
	loop.Post(1)
	var got []int
	loop.Run(func(_ int64, batch []int) int64 {
		got = slices.Clone(batch)
		return host.Stop
	})
	if !slices.Equal(got, []int{1}) {
		t.Errorf("second Run got %v, want [1]", got)
	}
}

func TestQueueingDoesNotAllocateWhileTheLoopIsBusy(t *testing.T) {
	loop := host.NewLoop[[4]int](host.NewClock(), 0)
	for range 2000 {
		loop.Post([4]int{})
	}
	if n := testing.AllocsPerRun(1000, func() { _ = loop.Put([4]int{}, 1) }); n > 1 {
		t.Errorf("%v allocations a Put, want at most the inbox growing", n)
	}
}

func BenchmarkPut(b *testing.B) {
	b.ReportAllocs()
	loop := host.NewLoop[[8]int](host.NewClock(), 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		loop.Run(func(_ int64, batch [][8]int) int64 {
			if n := len(batch); n > 0 && batch[n-1][0] == last {
				return host.Stop
			}
			return host.Never
		})
	}()
	for b.Loop() {
		_ = loop.Put([8]int{}, 64)
	}
	loop.Post([8]int{last})
	<-done
}

func ExampleLoop() {
	clock := host.NewClock()
	loop := host.NewLoop[string](clock, 1<<20)
	go func() {
		_ = loop.Put("from a socket", 13)
		loop.Post("quit")
	}()
	loop.Run(func(now int64, batch []string) int64 {
		if slices.Contains(batch, "quit") {
			return host.Stop
		}
		return host.Never
	})
	// Output:
}
