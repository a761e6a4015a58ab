//go:build linux && (amd64 || arm64)

package wsconn

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// ring is an io_uring(7) that carries the sends of a batch in one system call.
// No send may wait, so all are over when submit returns: the ring needs no
// thread, and nothing is under way between two batches.
type ring struct {
	fd           uintptr
	rings, table []byte // the kernel's memory, mapped

	sends *[MaxBatch]ringSend // in table
	ends  []ringEnd           // in rings, like the next three
	tail  *uint32             // of sends, moved by us
	head  *uint32             // of ends, moved by us
	ended *uint32             // tail of ends, moved by the kernel

	n      uint32 // sends in this batch
	sent   [MaxBatch]int32
	data   [MaxBatch][]byte // what is sent; the collector does not look into table
	broken bool
}

// The kernel's structures, from include/uapi/linux/io_uring.h.
type (
	ringSend struct { // io_uring_sqe
		opcode uint8
		_      [3]byte
		fd     int32
		_      uint64
		addr   uint64
		len    uint32
		flags  uint32 // as of send(2)
		index  uint64 // comes back in the ringEnd
		_      [24]byte
	}
	ringEnd struct { // io_uring_cqe
		index uint64
		sent  int32 // or a negative errno
		_     uint32
	}
	ringParams struct { // io_uring_params
		sends, ends, _, _, _, features uint32
		_                              [4]uint32
		send                           struct {
			_, tail, _, _, _, _, order, _ uint32
			_                             uint64
		}
		end struct {
			head, tail, _, _, _, ends, _, _ uint32
			_                               uint64
		}
	}
)

const (
	sysRingSetup = 425
	sysRingEnter = 426

	opSend    = 26
	getEvents = 1
	mapRings  = 0
	mapSends  = 0x1000_0000
	// featSingle: one mapping holds both rings (Linux 5.4). featPoll is of Linux
	// 5.7, so there is opSend, which came with 5.6.
	featSingle, featPoll = 1 << 0, 1 << 5
)

// newRing fails where there is no io_uring or it is not allowed, as in many
// containers.
func newRing() (r *ring, err error) {
	var p ringParams
	fd, _, errno := syscall.RawSyscall(sysRingSetup, MaxBatch, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("io_uring_setup", errno)
	}
	r = &ring{fd: fd}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	syscall.CloseOnExec(int(fd))
	if p.features&featSingle == 0 || p.features&featPoll == 0 || p.sends != MaxBatch {
		return nil, syscall.ENOSYS
	}
	order := p.send.order + MaxBatch*4
	ends := p.end.ends + p.ends*uint32(unsafe.Sizeof(ringEnd{}))
	if r.rings, err = ringMemory(fd, mapRings, uintptr(max(order, ends))); err != nil {
		return nil, err
	}
	if r.table, err = ringMemory(fd, mapSends, unsafe.Sizeof(*r.sends)); err != nil {
		return nil, err
	}
	word := func(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[at])) }
	r.tail, r.head, r.ended = word(p.send.tail), word(p.end.head), word(p.end.tail)
	r.sends = (*[MaxBatch]ringSend)(unsafe.Pointer(&r.table[0]))
	r.ends = unsafe.Slice((*ringEnd)(unsafe.Pointer(&r.rings[p.end.ends])), p.ends)
	for i := range uint32(MaxBatch) {
		*word(p.send.order + 4*i) = i // entries are used in their own order
	}
	return r, nil
}

func ringMemory(fd uintptr, what int64, size uintptr) ([]byte, error) {
	return syscall.Mmap(int(fd), what, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_POPULATE)
}

func (r *ring) close() {
	for _, m := range [][]byte{r.rings, r.table} {
		if m != nil {
			_ = syscall.Munmap(m)
		}
	}
	_ = syscall.Close(int(r.fd))
}

// send adds a send of p, which must stay as it is until submit has returned, and
// returns its number for result.
func (r *ring) send(fd uintptr, p []byte) int {
	s := &r.sends[(*r.tail+r.n)%MaxBatch]
	*s = ringSend{
		opcode: opSend, fd: int32(fd), index: uint64(r.n),
		addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), len: uint32(len(p)),
		flags: syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL,
	}
	r.data[r.n] = p
	r.n++
	return int(r.n - 1)
}

// submit makes all sends. Like writeNow, it does not tell the scheduler.
func (r *ring) submit() {
	for i := range r.n {
		r.sent[i] = -int32(syscall.EIO)
	}
	atomic.StoreUint32(r.tail, *r.tail+r.n)
	var taken, ended, flags uint32
	for ended < r.n {
		n, _, errno := syscall.RawSyscall6(sysRingEnter, r.fd, uintptr(r.n-taken), uintptr(r.n-ended), uintptr(flags), 0, 0)
		if errno != 0 && errno != syscall.EINTR {
			// What the kernel did not take is as if the sockets were full. A ring
			// that holds such sends must not be entered again.
			for i := taken; i < r.n; i++ {
				r.sent[i] = -int32(syscall.EAGAIN)
			}
			r.broken = true
			break
		}
		if errno == 0 {
			taken += uint32(n)
		}
		head := *r.head
		for end := atomic.LoadUint32(r.ended); head != end; head++ {
			e := &r.ends[head%uint32(len(r.ends))]
			r.sent[e.index] = e.sent
			ended++
		}
		atomic.StoreUint32(r.head, head)
		flags = getEvents // wait, should anything be missing
	}
	clear(r.data[:r.n])
	r.n = 0
}

// result returns how much of the i-th send the socket has taken.
func (r *ring) result(i int) (int, error) {
	n := r.sent[i]
	if n >= 0 {
		return int(n), nil
	}
	errno := syscall.Errno(-n)
	if errno == syscall.EAGAIN || errno == syscall.EINTR {
		return 0, nil
	}
	return 0, os.NewSyscallError("send", errno)
}

// rings are those that nobody uses. There is one for each goroutine that can be
// in a batch at the same time, at most; none, where the kernel gives none.
var rings struct {
	mu    sync.Mutex
	free  []*ring
	count int
	off   bool
}

// takeRing returns a ring, or nil.
func takeRing() *ring {
	rings.mu.Lock()
	defer rings.mu.Unlock()
	if n := len(rings.free); n > 0 {
		r := rings.free[n-1]
		rings.free = rings.free[:n-1]
		return r
	}
	if rings.off || rings.count >= runtime.GOMAXPROCS(0) {
		return nil
	}
	r, err := newRing()
	if err != nil {
		rings.off = true
		return nil
	}
	rings.count++
	return r
}

func giveRing(r *ring) {
	rings.mu.Lock()
	defer rings.mu.Unlock()
	if r.broken {
		r.close()
		rings.count--
		return
	}
	rings.free = append(rings.free, r)
}
