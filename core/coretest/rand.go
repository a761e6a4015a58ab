package coretest

// Rand is a seeded source of randomness (splitmix64): the same seed gives the same
// numbers on every platform and in every version of Go. The zero value is the
// source with seed 0. It is not safe for concurrent use.
type Rand struct{ state uint64 }

// NewRand returns a source with a seed.
func NewRand(seed uint64) *Rand { return &Rand{state: seed} }

// Uint64 returns a uniform 64-bit value.
func (r *Rand) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Fork returns a source of its own, so that how many numbers one part of a
// simulation draws does not change what the others draw.
func (r *Rand) Fork() *Rand { return NewRand(r.Uint64()) }

// Intn returns a value in [0, n), or 0 if n is not positive. (The modulo's bias is
// below n/2^64.)
func (r *Rand) Intn(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.Uint64() % uint64(n))
}

// Between returns a value in [lo, hi], or lo if that is empty.
func (r *Rand) Between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + int64(r.Uint64()%uint64(hi-lo+1))
}

// Chance is true in permille of a thousand cases.
func (r *Rand) Chance(permille int) bool { return r.Intn(1000) < permille }
