package awareness

// Times in milliseconds.
const (
	// Timeout is the time after which a remote client that has not been heard
	// of is removed (y-protocols@1.0.7/awareness.js#outdatedTimeout).
	Timeout = 30_000

	// Renewal is the time after which the local client's state is given a new
	// clock, so that others do not remove it: half of Timeout, as in
	// y-protocols@1.0.7/awareness.js#constructor.
	Renewal = Timeout / 2

	// Memory is the time for which the clock of a removed client is remembered.
	// While it is, messages from before the removal that come late, such as
	// echoes, do not bring the client back. y-protocols never forgets, and so
	// grows with every client that ever was.
	Memory = 2 * Timeout
)

// Limits bounds a [States]. A zero field means the default.
type Limits struct {
	// MaxClients is how many clients may have a state at a time. Default 8192.
	// The clocks of up to twice as many removed clients are remembered; beyond
	// that the ones removed first are forgotten early.
	MaxClients int

	// MaxStateBytes is how long one state may be, in bytes of JSON.
	// Default 256 KiB.
	MaxStateBytes int

	// MaxBytes is how long all states together may be. Default 16 MiB.
	MaxBytes int
}

func (l Limits) withDefaults() Limits {
	if l.MaxClients <= 0 {
		l.MaxClients = 8192
	}
	if l.MaxStateBytes <= 0 {
		l.MaxStateBytes = 256 << 10
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = 16 << 20
	}
	return l
}

// maxEntries is how many entries one update may have: more than any States with
// the same limits would put into one.
func (l Limits) maxEntries() int { return 4 * l.MaxClients }

// maxRemoved is how many removed clients are remembered.
func (l Limits) maxRemoved() int { return 2 * l.MaxClients }

// What a [LimitError] is about.
type What uint8

// The things that are limited.
const (
	Entries    What = iota + 1 // entries in one update
	Clients                    // clients with a state
	StateBytes                 // bytes of one state
	TotalBytes                 // bytes of all states
)

func (w What) String() string {
	switch w {
	case Entries:
		return "entries in an update"
	case Clients:
		return "clients"
	case StateBytes:
		return "bytes of a state"
	case TotalBytes:
		return "bytes of all states"
	}
	return "unknown limit"
}

// A LimitError is input that is well formed and more than [Limits] allow.
// Nothing of the input was applied.
type LimitError struct {
	What What
	Max  int // what is allowed
	Got  int // what it would have been, at least
}

func (e *LimitError) Error() string {
	return "awareness: " + e.What.String() + ": " + itoa(e.Got) + " is over the limit of " + itoa(e.Max)
}

// SendersFault reports whether the update itself was too large, whoever else is
// present. If not, the same update may be accepted when others have left.
func (e *LimitError) SendersFault() bool { return e.What == Entries || e.What == StateBytes }

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
