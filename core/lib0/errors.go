package lib0

// Error says where and why bytes are not what they should be. Whoever sent the
// bytes is at fault, never the caller.
type Error struct {
	Offset int    // in bytes from the start of what the Reader was given
	Field  string // which part was being read, such as "client"
	Reason Reason
}

func (e *Error) Error() string {
	return "lib0: " + e.Field + " at byte " + itoa(e.Offset) + ": " + e.Reason.String()
}

// Reason is the rule that malformed input breaks.
type Reason uint8

const (
	Truncated     Reason = iota + 1 // fewer bytes are left than the part needs
	Overflow                        // an integer past MaxSafeInteger
	InvalidUTF8                     // a string that is not valid UTF-8
	InvalidJSON                     // not one JSON value
	TooDeep                         // nested past MaxDepth
	UnknownType                     // a tag or kind that the format does not have
	TooLarge                        // past a limit of the reader
	TrailingBytes                   // bytes after the end
	OutOfOrder                      // entries in an order, or repeated, as the format forbids
	Empty                           // a length of zero where there must be something
	NotJSON                         // a value that JSON text cannot hold
)

var reasons = [...]string{
	Truncated:     "truncated",
	Overflow:      "integer past 2^53-1",
	InvalidUTF8:   "invalid UTF-8",
	InvalidJSON:   "invalid JSON",
	TooDeep:       "nested too deep",
	UnknownType:   "unknown type",
	TooLarge:      "too large",
	TrailingBytes: "trailing bytes",
	OutOfOrder:    "out of order",
	Empty:         "empty",
	NotJSON:       "a value that JSON cannot hold",
}

// String returns the reason in words, for messages and close reasons.
func (r Reason) String() string {
	if int(r) < len(reasons) && reasons[r] != "" {
		return reasons[r]
	}
	return "unknown reason"
}

// itoa spares a WebAssembly module strconv.
func itoa(n int) string {
	if n <= 0 {
		return "0"
	}
	var b [20]byte
	i := len(b)
	for ; n > 0; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}
