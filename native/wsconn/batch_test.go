package wsconn_test

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// few connections are written to one by one, many together where the system can.
var batchSizes = []int{1, 3, 4, 10, wsconn.MaxBatch}

// expect reads messages and compares them.
func expect(t *testing.T, c *wsconn.Conn, messages ...[]byte) {
	t.Helper()
	for i, want := range messages {
		if got, err := c.Read(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("message %d: %d bytes, %v; want %d bytes", i, len(got), err, len(want))
		}
	}
}

func TestABatchReachesEveryConnection(t *testing.T) {
	shared := [][]byte{[]byte("an update"), {}, payload(130)}
	for _, n := range batchSizes {
		var (
			batch  wsconn.Batch
			ends   []*wsconn.Conn
			peers  []*wsconn.Conn
			frames [][][]byte
		)
		for i := range n {
			var o wsconn.Options
			f := shared
			switch i % 7 {
			case 2:
				f = [][]byte{payload(i), shared[0]}
			case 3:
				o.Compression = true
			case 4:
				f = [][]byte{payload(100_000), shared[0]} // not copied
			case 5:
				f = [][]byte{payload(7000)} // a few of these fill the block
			case 6:
				f = nil
			}
			s, c := pair(t, o, o)
			if i%2 == 1 {
				s, c = c, s // a dialled end can be in a batch too
			}
			ends, peers, frames = append(ends, s), append(peers, c), append(frames, f)
		}
		const rounds = 3
		for range rounds {
			for i, c := range ends {
				batch.Add(c, frames[i])
			}
			outcomes := batch.Flush()
			if len(outcomes) != n {
				t.Fatalf("%d outcomes of %d", len(outcomes), n)
			}
			for i, o := range outcomes {
				if o.Err == nil && !o.Done {
					o.Err = ends[i].Flush()
				}
				if o.Err != nil {
					t.Fatalf("connection %d of %d: %v", i, n, o.Err)
				}
			}
		}
		for i, c := range peers {
			for range rounds {
				expect(t, c, frames[i]...)
			}
		}
	}
}

func TestABatchDoesNotWaitForAFullSocket(t *testing.T) {
	for _, n := range batchSizes {
		var batch wsconn.Batch
		frames := [][]byte{payload(5000)}
		ends, peers := make([]*wsconn.Conn, n), make([]*wsconn.Conn, n)
		for i := range n {
			ends[i], peers[i] = pair(t, wsconn.Options{}, wsconn.Options{})
		}
		// Until nobody's socket takes more.
		written, full := make([]int, n), make([]bool, n)
		for left := n; left > 0; {
			var ids []int
			for i := range n {
				if !full[i] {
					ids = append(ids, i)
					batch.Add(ends[i], frames)
				}
			}
			for k, o := range batch.Flush() {
				if o.Err != nil {
					t.Fatal(o.Err)
				}
				written[ids[k]]++
				if !o.Done {
					full[ids[k]] = true
					left--
				}
			}
		}
		for i := range n {
			flushed := make(chan error, 1)
			go func() { flushed <- ends[i].Flush() }()
			for range written[i] {
				expect(t, peers[i], frames[0])
			}
			if err := <-flushed; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestABatchGoesOnPastConnectionsThatEnded(t *testing.T) {
	for _, n := range batchSizes {
		var batch wsconn.Batch
		ends, peers := make([]*wsconn.Conn, n), make([]*wsconn.Conn, n)
		for i := range n {
			ends[i], peers[i] = pair(t, wsconn.Options{}, wsconn.Options{})
			if i%2 == 0 {
				ends[i].Abort()
			}
		}
		if n > 3 { // one that has sent its close frame
			closed := make(chan error, 1)
			go func() { closed <- ends[3].Close(codec.Normal, "bye") }()
			_, err := peers[3].Read()
			if _, ok := errors.AsType[*wsconn.CloseError](err); !ok {
				t.Fatal(err)
			}
			<-closed
		}
		frames := [][]byte{[]byte("for who is left")}
		for _, c := range ends {
			batch.Add(c, frames)
		}
		for i, o := range batch.Flush() {
			if i%2 == 0 || i == 3 {
				if o.Done || !errors.Is(o.Err, net.ErrClosed) {
					t.Errorf("of %d, number %d, which has ended: %v, %v", n, i, o.Done, o.Err)
				}
				continue
			}
			if !o.Done || o.Err != nil {
				t.Errorf("of %d, number %d: %v, %v", n, i, o.Done, o.Err)
			}
			expect(t, peers[i], frames[0])
		}
	}
}

func TestABatchAllocatesNothing(t *testing.T) {
	for _, n := range batchSizes {
		var batch wsconn.Batch
		ends := make([]*wsconn.Conn, n)
		for i := range n {
			ends[i], _ = pair(t, wsconn.Options{}, wsconn.Options{})
		}
		frames := [][]byte{payload(20), payload(30)}
		allocs := testing.AllocsPerRun(100, func() {
			for _, c := range ends {
				batch.Add(c, frames)
			}
			for _, o := range batch.Flush() {
				if !o.Done {
					t.Fatal(o.Err)
				}
			}
		})
		if allocs >= 1 {
			t.Errorf("%v allocations for %d connections", allocs, n)
		}
	}
}
