package crdt_test

import (
	"bytes"
	"math/rand"
	"testing"
)

// Malformed updates, and parts of good ones, come to the same in one pass as in two.
func TestLoadMalformed(t *testing.T) {
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		d := made(r)
		for _, v2 := range []bool{false, true} {
			u := d.Encode()
			if v2 {
				u = d.EncodeV2()
			}
			for range 40 {
				bad := bytes.Clone(u)
				for range 1 + r.Intn(2) {
					at := r.Intn(len(bad))
					switch r.Intn(4) {
					case 0:
						bad = bad[:at+1]
					case 1:
						bad[at] ^= 1 << r.Intn(8)
					case 2:
						bad[at] = byte(r.Intn(256))
					case 3:
						bad = append(bad[:at], bad[min(at+1+r.Intn(3), len(bad)-1):]...)
					}
				}
				sameOutcome(t, bad, v2)
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	for seed := range int64(8) {
		d := made(rand.New(rand.NewSource(seed)))
		f.Add(d.Encode(), false)
		f.Add(d.EncodeV2(), true)
	}
	f.Fuzz(sameOutcome)
}
