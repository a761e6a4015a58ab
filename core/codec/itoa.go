package codec

// itoa writes n, which is not negative, in decimal. It spares a WebAssembly
// module strconv.
func itoa(n int) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[i:])
		}
	}
}
