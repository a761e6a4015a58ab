package crdt

// randomUUID returns a random UUID of version 4, or "" where there is no randomness
// to be had.
func randomUUID() string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, 36)
	for part := 0; part < 4; part++ {
		bits := randomClient()
		if bits == 0 {
			return ""
		}
		for i := 0; i < 8; i, bits = i+1, bits>>4 {
			digit := bits & 15
			switch len(b) {
			case 8, 13, 18, 23:
				b = append(b, '-')
			}
			switch len(b) {
			case 14:
				digit = 4
			case 19:
				digit = 8 | digit&3
			}
			b = append(b, digits[digit])
		}
	}
	return string(b)
}

// randomClient returns a random client id of 32 bits, or 0 where there is no
// randomness to be had.
//
// The core may use neither a clock nor a generator. What it has is the order of a
// map's iteration, which Go's runtime chooses with its own generator, seeded by the
// operating system or the host of a WebAssembly module. The language does not
// promise that, so the draws are looked at: if all are equal, they are not random.
func randomClient() uint64 {
	faces := map[int]struct{}{0: {}, 1: {}, 2: {}, 3: {}, 4: {}, 5: {}, 6: {}, 7: {}}
	draw := func() int {
		for face := range faces {
			return face
		}
		return 0
	}
	first := draw()
	id, same := uint64(first), true
	for i := 0; i < 23; i++ {
		face := draw()
		same = same && face == first
		id = id*11 + uint64(face)
	}
	if same {
		return 0
	}
	// Spread the draws, which are 72 bits with some less likely than others, over 32.
	id ^= id >> 33
	id *= 0xff51afd7ed558ccd
	id ^= id >> 33
	return max(id>>32, 1)
}
