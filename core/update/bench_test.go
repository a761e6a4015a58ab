package update

import (
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// typing returns n updates as Yjs sends them while clients type by turns, one
// character each.
func typing(n int, clients ...uint64) [][]byte {
	us := make([][]byte, n)
	clocks := make(map[uint64]uint64)
	for i := range us {
		c := clients[(i/7)%len(clients)]
		k := clocks[c]
		clocks[c]++
		b := []byte{1, 1}
		b = lib0.AppendUint(b, c)
		b = lib0.AppendUint(b, k)
		if k == 0 {
			b = lib0.AppendString(append(b, byte(KindString), 1), "text")
		} else {
			b = appendID(append(b, byte(KindString)|infoOrigin), ID{c, k - 1})
		}
		b = lib0.AppendString(b, string(rune('a'+i%26)))
		us[i] = append(b, 0)
	}
	return us
}

var typists = []uint64{3_204_182_912, 2_871_002_113, 1_500_000_001, 77_812_004}

func BenchmarkMergeTyping16000(b *testing.B) {
	us := typing(16000, typists...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Merge(us...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMergeBaseAndTail(b *testing.B) {
	base, _ := Merge(typing(400_000, typists...)...)
	all := typing(400_100, typists...)
	us := append([][]byte{base}, all[400_000:]...)
	b.SetBytes(int64(len(base)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Merge(us...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	base, _ := Merge(typing(100_000, typists...)...)
	b.SetBytes(int64(len(base)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Validate(base); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	base, _ := Merge(typing(100_000, typists...)...)
	sv := StateVector{typists[0]: 24_990, typists[1]: 25_000, typists[2]: 24_999, typists[3]: 24_000}.Append(nil)
	b.SetBytes(int64(len(base)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Diff(base, sv); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDocApply is a server's hot path: one small update of typing.
func BenchmarkDocApply(b *testing.B) {
	us := typing(100_000, typists...)
	d, i := NewDoc(), 0
	b.ReportAllocs()
	for b.Loop() {
		if i == len(us) {
			d, i = NewDoc(), 0
		}
		if fresh, err := d.Apply(us[i]); err != nil || !fresh {
			b.Fatal(fresh, err)
		}
		i++
	}
}

func BenchmarkDocApplyStale(b *testing.B) {
	us := typing(1000, typists...)
	d := NewDoc()
	for _, u := range us {
		d.Apply(u)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if fresh, err := d.Apply(us[i%len(us)]); err != nil || fresh {
			b.Fatal(fresh, err)
		}
		i++
	}
}

// BenchmarkDocDiff is a reconnecting client of a large document that lacks little.
func BenchmarkDocDiff(b *testing.B) {
	d := NewDoc()
	for _, u := range typing(400_000, typists...) {
		d.Apply(u)
	}
	sv := StateVector{typists[0]: 99_990, typists[1]: 100_000, typists[2]: 99_999, typists[3]: 99_000}.Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Diff(sv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDocEncode(b *testing.B) {
	d := NewDoc()
	us := typing(450_000, typists...)
	for _, u := range us[:400_000] {
		d.Apply(u)
	}
	b.SetBytes(int64(len(d.Encode())))
	i := 400_000
	b.ReportAllocs()
	for b.Loop() {
		if i < len(us) {
			d.Apply(us[i])
			i++
		}
		d.whole = nil
		d.Encode()
	}
}
