// Package htpasswd checks names and passwords against a file that Apache's
// htpasswd(1) writes, for HTTP Basic authentication (RFC 7617).
//
// It is github.com/tg123/go-htpasswd with the rules that a server needs: a file with
// a line that is not understood is refused whole, and so is every hash that can be
// reversed or guessed fast. What is left are `htpasswd -B` (bcrypt, which to prefer)
// and htpasswd's default ($apr1$). It asks nobody for a password and knows nothing of
// HTTP: the caller takes the header apart.
//
//	users, err := htpasswd.Load("htpasswd")
//	...
//	name, password, ok := r.BasicAuth()
//	ok = ok && users.Check(name, password)
//
// A file is read once. To read it again, Load it again.
package htpasswd

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/tg123/go-htpasswd"
)

// maxSize is the size of the largest file that is read, in bytes.
const maxSize = 16 << 20

// The hashes that are taken, whole.
var (
	apr1   = regexp.MustCompile(`^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$`)
	bcrypt = regexp.MustCompile(`^\$2[aby]\$[0-3][0-9]\$[./0-9A-Za-z]{53}$`)
)

// Users are the users of a file. Check may be called from any goroutine.
type Users struct {
	hashes map[string]htpasswd.EncodedPasswd
	// decoy stands in for the hash of a user that does not exist, so that an answer
	// takes as long.
	decoy htpasswd.EncodedPasswd

	key [32]byte
	mu  sync.Mutex
	// known has, for users that have given their password, what tells it from
	// another one without the cost of hashing. It is keyed, and only in memory.
	known map[string][sha256.Size]byte
}

// Load reads a file; see Parse.
func Load(name string) (*Users, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("htpasswd: %w", err)
	}
	defer f.Close()
	u, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%w, in %s", err, name)
	}
	return u, nil
}

// Parse reads lines of the form name:hash. Blank lines and lines that begin with #
// are passed over. Any other line is an error that names it by its number, and never
// shows a hash; so are a second line for one name, and a file without users.
func Parse(r io.Reader) (*Users, error) {
	u := &Users{hashes: make(map[string]htpasswd.EncodedPasswd), known: make(map[string][sha256.Size]byte)}
	limited := &io.LimitedReader{R: r, N: maxSize}
	lines := bufio.NewScanner(limited)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if fault := u.add(line); fault != "" {
			return nil, fmt.Errorf("htpasswd: line %d: %s", number, fault)
		}
	}
	switch {
	case lines.Err() != nil:
		return nil, fmt.Errorf("htpasswd: %w", lines.Err())
	case limited.N == 0:
		return nil, fmt.Errorf("htpasswd: more than %d bytes", maxSize)
	case len(u.hashes) == 0:
		return nil, errors.New("htpasswd: no users")
	}
	if _, err := rand.Read(u.key[:]); err != nil {
		return nil, fmt.Errorf("htpasswd: %w", err)
	}
	return u, nil
}

func (u *Users) add(line string) (fault string) {
	name, encoded, ok := strings.Cut(line, ":")
	switch {
	case !ok:
		return "no colon"
	case name == "":
		return "no name"
	case u.hashes[name] != nil:
		return "a second line for one name"
	}
	// The library takes a hash that is cut off for one that nothing matches.
	var (
		hash htpasswd.EncodedPasswd
		err  error
	)
	switch {
	case apr1.MatchString(encoded):
		hash, err = htpasswd.AcceptMd5(encoded)
	case bcrypt.MatchString(encoded):
		hash, err = htpasswd.AcceptBcrypt(encoded)
	}
	if hash == nil || err != nil {
		return "no bcrypt or apr1 hash"
	}
	u.hashes[name] = hash
	u.decoy = hash
	return ""
}

// Check reports whether the user exists and the password is the user's. Both are as
// they came in the header, in UTF-8 or in Latin-1, which is what browsers used to
// send; a file's are in UTF-8.
func (u *Users) Check(name, password string) bool {
	if u.check(name, password) {
		return true
	}
	n, p := fromLatin1(name), fromLatin1(password)
	return (n != name || p != password) && u.check(n, p)
}

func (u *Users) check(name, password string) bool {
	mac := hmac.New(sha256.New, u.key[:])
	_, _ = io.WriteString(mac, password)
	sum := [sha256.Size]byte(mac.Sum(nil))
	u.mu.Lock()
	known, ok := u.known[name]
	u.mu.Unlock()
	if ok && hmac.Equal(known[:], sum[:]) {
		return true
	}
	hash, exists := u.hashes[name]
	if !exists {
		hash = u.decoy
	}
	if !hash.MatchesPassword(password) || !exists {
		return false
	}
	u.mu.Lock()
	u.known[name] = sum
	u.mu.Unlock()
	return true
}

// fromLatin1 reads bytes as ISO 8859-1, whose characters are Unicode's first 256.
func fromLatin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
