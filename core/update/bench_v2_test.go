package update

import "testing"

// typingV2 returns what typing does, in version 2.
func typingV2(b *testing.B, n int) [][]byte {
	us := typing(n, typists...)
	for i := range us {
		us[i] = mustToV2(b, us[i])
	}
	return us
}

func mustToV2(t testing.TB, u []byte) []byte {
	t.Helper()
	v2, err := ConvertV1ToV2(u)
	if err != nil {
		t.Fatal(err)
	}
	return v2
}

// typedV2 is a document of 100,000 characters in version 2, a struct each.
func typedV2(b *testing.B) []byte {
	base, err := Merge(typing(100_000, typists...)...)
	if err != nil {
		b.Fatal(err)
	}
	return mustToV2(b, base)
}

// BenchmarkDecoderV2 reads every field of 100,000 structs.
func BenchmarkDecoderV2(b *testing.B) {
	u := typedV2(b)
	var d DecoderV2
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		d.Reset(u)
		for range d.Sections() {
			structs, _, _ := d.Section()
			for range structs {
				info := d.Info()
				if info&infoOrigin != 0 {
					d.LeftID()
				} else {
					d.NamedParent()
					d.Text()
				}
				d.Text()
				if d.Failed() {
					break
				}
			}
		}
		d.DeleteClients()
		if err := d.End(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateV2(b *testing.B) {
	u := typedV2(b)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ValidateV2(u); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConvertV1ToV2(b *testing.B) {
	u, _ := Merge(typing(100_000, typists...)...)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		mustToV2(b, u)
	}
}

func BenchmarkConvertV2ToV1(b *testing.B) {
	u := typedV2(b)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ConvertV2ToV1(u); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMergeV2Typing16000(b *testing.B) {
	us := typingV2(b, 16000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := MergeV2(us...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDiffV2(b *testing.B) {
	u := typedV2(b)
	sv := StateVector{typists[0]: 24_990, typists[1]: 25_000, typists[2]: 24_999, typists[3]: 24_000}.Append(nil)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DiffV2(u, sv); err != nil {
			b.Fatal(err)
		}
	}
}
