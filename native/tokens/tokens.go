// Package tokens judges signed tokens: JSON Web Tokens (RFC 7519) that say which
// documents their owner may read and write, and until when.
//
// It issues none, and knows nothing of connections: who has a document open is the
// server's affair.
//
//	v, err := tokens.New(tokens.Options{Keys: keys})
//	c, err := v.Verify(token, "notes", time.Now())   // a *tokens.Error says why not
//
// # Claims
//
// Beside the registered claims exp, nbf, iss, aud and jti, which are checked, a token
// has two of its own, each a list of documents:
//
//	{"sub": "anna", "exp": 1800000000, "read": ["handbook/*"], "write": ["notes"]}
//
// A document is a name, or the beginning of names with a "*" behind it; "*" is every
// document. Who may write may read.
package tokens

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/weft-sync/weft/core/codec"
)

// MinSecret is the least length of a secret for HS256, in bytes (RFC 7518, 3.2).
const MinSecret = 32

// Options are a Verifier's settings. Keys are required.
type Options struct {
	// Keys are those that tokens may be signed with; [ParseKey] makes them. A token's
	// algorithm decides which are tried: a public key is never taken for a secret.
	Keys []Key
	// Issuer and Audience, if not empty, are what iss and aud must be.
	Issuer, Audience string
	// Leeway is how far clocks may be apart. 0: not at all.
	Leeway time.Duration
}

// Key is a key that signatures are verified with.
type Key struct {
	algorithm string
	key       any
}

// Algorithm is HS256, EdDSA or RS256.
func (k Key) Algorithm() string { return k.algorithm }

// ParseKey reads a key: a public key in PEM (PKIX; Ed25519 or RSA of at least 2048
// bits), or else a secret of at least MinSecret bytes, without the line end behind it.
func ParseKey(b []byte) (Key, error) {
	block, rest := pem.Decode(b)
	if block == nil {
		secret := []byte(strings.TrimRight(string(b), "\r\n"))
		if len(secret) < MinSecret {
			return Key{}, fmt.Errorf("tokens: a secret of %d bytes is too short, %d are needed", len(secret), MinSecret)
		}
		return Key{"HS256", secret}, nil
	}
	if len(strings.TrimSpace(string(rest))) > 0 {
		return Key{}, errors.New("tokens: there is something after the key")
	}
	if block.Type != "PUBLIC KEY" {
		return Key{}, fmt.Errorf("tokens: the key is a %q, not a \"PUBLIC KEY\"", block.Type)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("tokens: %w", err)
	}
	switch k := public.(type) {
	case ed25519.PublicKey:
		return Key{"EdDSA", k}, nil
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 {
			return Key{}, fmt.Errorf("tokens: an RSA key of %d bits is too short", n)
		}
		return Key{"RS256", k}, nil
	}
	return Key{}, fmt.Errorf("tokens: keys of type %T are not known here", public)
}

// Verifier judges tokens. Its methods may be called from any goroutine.
type Verifier struct {
	keys   map[string][]jwt.VerificationKey // by algorithm
	parser []jwt.ParserOption

	mu      sync.Mutex
	revoked map[string]struct{} // jti
}

// New returns a Verifier.
func New(o Options) (*Verifier, error) {
	if len(o.Keys) == 0 {
		return nil, errors.New("tokens: there is no key")
	}
	v := &Verifier{keys: make(map[string][]jwt.VerificationKey)}
	var methods []string
	for _, k := range o.Keys {
		if k.key == nil {
			return nil, errors.New("tokens: a key that ParseKey did not make")
		}
		if v.keys[k.algorithm] == nil {
			methods = append(methods, k.algorithm)
		}
		v.keys[k.algorithm] = append(v.keys[k.algorithm], k.key)
	}
	v.parser = []jwt.ParserOption{jwt.WithValidMethods(methods), jwt.WithLeeway(o.Leeway), jwt.WithStrictDecoding()}
	if o.Issuer != "" {
		v.parser = append(v.parser, jwt.WithIssuer(o.Issuer))
	}
	if o.Audience != "" {
		v.parser = append(v.parser, jwt.WithAudience(o.Audience))
	}
	return v, nil
}

// Claims are what a token says about a document.
type Claims struct {
	Subject  string    // who it was given to; may be empty
	ReadOnly bool      // the document may be read, and not written
	Expires  time.Time // zero: never
}

// Error says why a token does not hold.
type Error struct {
	Denial codec.Denial
	Err    error // the cause, for a log; it may have parts of the token. May be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "tokens: " + e.Denial.String()
	}
	return "tokens: " + e.Denial.String() + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// claims are those of a token's that count here.
type claims struct {
	jwt.RegisteredClaims
	Read  []string `json:"read"`
	Write []string `json:"write"`
}

// Verify judges a token that is presented for a document at a time. The error is an
// *[Error].
func (v *Verifier) Verify(token, document string, now time.Time) (Claims, error) {
	if token == "" {
		return Claims{}, &Error{Denial: codec.Missing}
	}
	var c claims
	parser := jwt.NewParser(append(v.parser[:len(v.parser):len(v.parser)], jwt.WithTimeFunc(func() time.Time { return now }))...)
	if _, err := parser.ParseWithClaims(token, &c, v.candidates); err != nil {
		e := &Error{Denial: codec.Bad, Err: err}
		// Only a good signature makes the time worth telling.
		if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			e.Denial = codec.Expired
		}
		return Claims{}, e
	}
	v.mu.Lock()
	_, revoked := v.revoked[c.ID]
	v.mu.Unlock()
	if revoked && c.ID != "" {
		return Claims{}, &Error{Denial: codec.Revoked}
	}
	result := Claims{Subject: c.Subject}
	if c.ExpiresAt != nil {
		result.Expires = c.ExpiresAt.Time
	}
	switch {
	case covers(c.Write, document):
	case covers(c.Read, document):
		result.ReadOnly = true
	default:
		return Claims{}, &Error{Denial: codec.NoAccess}
	}
	return result, nil
}

// candidates returns the keys of a token's algorithm.
func (v *Verifier) candidates(t *jwt.Token) (any, error) {
	return jwt.VerificationKeySet{Keys: v.keys[t.Method.Alg()]}, nil
}

// SetRevoked says which tokens, by their jti, are taken back; all others hold.
func (v *Verifier) SetRevoked(ids []string) {
	revoked := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		revoked[id] = struct{}{}
	}
	v.mu.Lock()
	v.revoked = revoked
	v.mu.Unlock()
}

func covers(documents []string, name string) bool {
	for _, d := range documents {
		if prefix, open := strings.CutSuffix(d, "*"); d == name || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
