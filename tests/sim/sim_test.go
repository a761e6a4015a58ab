package sim

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// seeds returns the seeds to run: those in WEFT_SIM_SEEDS ("7", "1-50", "1,5-9"),
// or 1 to n.
func seeds(t *testing.T, n uint64) []uint64 {
	list := os.Getenv("WEFT_SIM_SEEDS")
	if list == "" {
		list = "1-" + strconv.FormatUint(n, 10)
	}
	var all []uint64
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 64)
		if err != nil {
			t.Fatalf("WEFT_SIM_SEEDS: %v", err)
		}
		last, err := strconv.ParseUint(to, 10, 64)
		if err != nil {
			t.Fatalf("WEFT_SIM_SEEDS: %v", err)
		}
		for seed := first; seed <= last; seed++ {
			all = append(all, seed)
		}
	}
	return all
}

// TestWorld runs worlds in which everything goes wrong, and looks that all agree in
// the end and nothing that was reported stored is missing.
func TestWorld(t *testing.T) {
	var print func([]byte)
	if os.Getenv("WEFT_SIM_TRACE") != "" {
		print = func(line []byte) { t.Logf("%s", line) }
	}
	lines, bytes, replaced, saved, rejected := uint64(0), 0, uint64(0), 0, 0
	all := seeds(t, 200)
	for _, seed := range all {
		r := Run(seed, print)
		for _, p := range r.Problems {
			t.Errorf("seed %d: %s", seed, p)
		}
		if len(r.Problems) > 0 {
			t.Fatalf("replay with WEFT_SIM_SEEDS=%d WEFT_SIM_TRACE=1", seed)
		}
		lines += r.Lines
		bytes += r.Bytes
		replaced += r.Replaced
		saved += r.Saved
		rejected += r.Rejected
	}
	t.Logf("%d worlds, %d events, %d queues replaced by a diff, documents of %d bytes on average, %d edits reported saved, %d updates refused",
		len(all), lines, replaced, bytes/len(all), saved, rejected)
	if len(all) >= 30 && (replaced == 0 || saved == 0 || rejected == 0) {
		t.Error("no queue was ever replaced, or nothing saved, or nothing refused: the worlds are too kind")
	}
}

// TestSameSeedSameTrace runs worlds twice: whatever depends on anything but the seed
// (an order of a map, a clock, an address) shows here.
func TestSameSeedSameTrace(t *testing.T) {
	for _, seed := range seeds(t, 5) {
		a, b := Run(seed, nil), Run(seed, nil)
		if a.Sum != b.Sum || a.Lines != b.Lines {
			t.Errorf("seed %d: %d events %016x, then %d events %016x", seed, a.Lines, a.Sum, b.Lines, b.Sum)
		}
	}
}
