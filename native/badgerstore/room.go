package badgerstore

import (
	"fmt"
	"sync"
	"time"

	"github.com/weft-sync/weft/native/store"
)

// room watches the resources of the machine that Badger must never run out of:
// disk space, because it writes through mapped memory and the process would be
// killed, and inodes and file descriptors, because a compaction that cannot
// create a file may drop the data that was to go there. (Badger 4.9.6,
// levels.go, subcompact: the error of CreateTable is set after the deferred
// call that should report it has taken its argument. Seen: with descriptors
// short on and off, 626 of 8929 committed keys were gone.)
//
// The store stops writing before that. A write of the store is what makes Badger
// flush and compact, so that stops too.
type room struct {
	minFree int64                     // bytes; negative: do not look
	measure func() (resources, error) // looks at the machine
	now     func() time.Time

	mu     sync.Mutex
	until  time.Time // the last answer, nil, is good until then
	budget int       // and for so many bytes
}

// resources is what is left. A negative number means unknown.
type resources struct {
	bytes       int64
	inodes      int64
	descriptors int64
}

const (
	roomInterval = time.Second
	roomBytes    = 4 << 20

	minInodes      = 256
	minDescriptors = 128
)

// take asks for leave to write n bytes. The error wraps store.ErrNoRoom. What
// frees space may use half of the reserve.
func (r *room) take(n int, frees bool) error {
	if r.minFree < 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.budget -= n; r.budget >= 0 && now.Before(r.until) {
		return nil
	}
	minFree := r.minFree
	if frees {
		minFree /= 2
	}
	left, err := r.measure()
	if err != nil {
		return fmt.Errorf("badgerstore: free space is unknown: %w", err)
	}
	switch {
	case left.bytes >= 0 && left.bytes-int64(n) < minFree:
		return fmt.Errorf("%w: %d MiB free on the disk, %d MiB wanted", store.ErrNoRoom, left.bytes>>20, (minFree+int64(n))>>20)
	case left.inodes >= 0 && left.inodes < minInodes:
		return fmt.Errorf("%w: %d inodes left on the disk, %d wanted", store.ErrNoRoom, left.inodes, minInodes)
	case left.descriptors >= 0 && left.descriptors < minDescriptors:
		return fmt.Errorf("%w: %d file descriptors left, %d wanted", store.ErrNoRoom, left.descriptors, minDescriptors)
	}
	if !frees {
		r.until, r.budget = now.Add(roomInterval), roomBytes
	}
	return nil
}
