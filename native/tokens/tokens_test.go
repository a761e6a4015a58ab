package tokens

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/weft-sync/weft/core/codec"
)

func publicPEM(t *testing.T, key any) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b})
}

func parse(t *testing.T, b []byte) Key {
	t.Helper()
	k, err := ParseKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var (
	secret = []byte("a secret of more than thirty-two bytes")
	now    = time.Unix(1_800_000_000, 0)
)

func sign(t *testing.T, m jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(m, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func denial(err error) codec.Denial {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return 0
	}
	return e.Denial
}

// Each algorithm verifies what its own key has signed, and nothing else; above all no
// public key is taken for a secret.
func TestAlgorithms(t *testing.T) {
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPrivate, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	edPEM, rsaPEM := publicPEM(t, edPublic), publicPEM(t, &rsaPrivate.PublicKey)
	c := jwt.MapClaims{"write": []string{"*"}}
	signed := map[string]string{
		"HS256": sign(t, jwt.SigningMethodHS256, secret, c),
		"EdDSA": sign(t, jwt.SigningMethodEdDSA, edPrivate, c),
		"RS256": sign(t, jwt.SigningMethodRS256, rsaPrivate, c),
	}
	keys := map[string]Key{"HS256": parse(t, append(secret, '\n')), "EdDSA": parse(t, edPEM), "RS256": parse(t, rsaPEM)}
	var all []Key
	for alg, k := range keys {
		if k.Algorithm() != alg {
			t.Errorf("the key of %s is for %s", alg, k.Algorithm())
		}
		v, err := New(Options{Keys: []Key{k}})
		if err != nil {
			t.Fatal(err)
		}
		for other, token := range signed {
			_, err := v.Verify(token, "notes", now)
			if (err == nil) != (other == alg) || err != nil && denial(err) != codec.Bad {
				t.Errorf("%s token with the key of %s: %v", other, alg, err)
			}
		}
		all = append(all, k)
	}
	v, err := New(Options{Keys: all})
	if err != nil {
		t.Fatal(err)
	}
	for alg, token := range signed {
		if _, err := v.Verify(token, "notes", now); err != nil {
			t.Errorf("%s among all keys: %v", alg, err)
		}
	}
	for name, token := range map[string]string{
		"the public key as a secret": sign(t, jwt.SigningMethodHS256, edPEM, c),
		"none":                       sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, c),
		"HS512":                      sign(t, jwt.SigningMethodHS512, secret, c),
		"another secret":             sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 40)), c),
		"no token":                   "no token",
		"a byte changed":             signed["EdDSA"][:len(signed["EdDSA"])-3] + "AAA",
	} {
		if _, err := v.Verify(token, "notes", now); denial(err) != codec.Bad {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.Verify("", "notes", now); denial(err) != codec.Missing {
		t.Errorf("nothing: %v", err)
	}
}

func TestClaims(t *testing.T) {
	v, err := New(Options{Keys: []Key{parse(t, secret)}, Issuer: "us", Audience: "weft"})
	if err != nil {
		t.Fatal(err)
	}
	v.SetRevoked([]string{"taken back", ""})
	with := func(more jwt.MapClaims) string {
		c := jwt.MapClaims{"iss": "us", "aud": "weft", "sub": "anna", "read": []string{"handbook/*"}, "write": []string{"notes", "team/*"}}
		for k, x := range more {
			c[k] = x
		}
		return sign(t, jwt.SigningMethodHS256, secret, c)
	}
	for _, tt := range []struct {
		name, document string
		claims         jwt.MapClaims
		denial         codec.Denial
		readOnly       bool
	}{
		{"write", "notes", nil, 0, false},
		{"read", "handbook/1", nil, 0, true},
		{"write below", "team/a/b", nil, 0, false},
		{"another", "notes2", nil, codec.NoAccess, false},
		{"a shorter name", "team", nil, codec.NoAccess, false},
		{"none at all", "notes", jwt.MapClaims{"read": nil, "write": nil}, codec.NoAccess, false},
		{"expired", "notes", jwt.MapClaims{"exp": now.Unix() - 1}, codec.Expired, false},
		{"not yet", "notes", jwt.MapClaims{"nbf": now.Unix() + 10}, codec.Bad, false},
		{"in time", "notes", jwt.MapClaims{"exp": now.Unix() + 10}, 0, false},
		{"another issuer", "notes", jwt.MapClaims{"iss": "them"}, codec.Bad, false},
		{"another audience", "notes", jwt.MapClaims{"aud": "mail"}, codec.Bad, false},
		{"revoked", "notes", jwt.MapClaims{"jti": "taken back"}, codec.Revoked, false},
		{"another id", "notes", jwt.MapClaims{"jti": "fine"}, 0, false},
		{"claims of a wrong type", "notes", jwt.MapClaims{"write": "*"}, codec.Bad, false},
	} {
		c, err := v.Verify(with(tt.claims), tt.document, now)
		if denial(err) != tt.denial || (err == nil) != (tt.denial == 0) || c.ReadOnly != tt.readOnly {
			t.Errorf("%s: %+v, %v", tt.name, c, err)
		}
		if err == nil && (c.Subject != "anna" || c.Expires.IsZero() == (tt.claims["exp"] != nil)) {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
	forged := sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 40)), jwt.MapClaims{"exp": 1})
	if _, err := v.Verify(forged, "notes", now); denial(err) != codec.Bad {
		t.Errorf("an expired token with a wrong signature: %v", err)
	}
}

func TestKeysRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skipf("this platform makes no small keys: %v", err)
	}
	public, _, _ := ed25519.GenerateKey(rand.Reader)
	good := publicPEM(t, public)
	for name, b := range map[string][]byte{
		"a short secret":  []byte("short"),
		"a small RSA key": publicPEM(t, &small.PublicKey),
		"two keys":        append(good[:len(good):len(good)], good...),
		"a private key":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"no key":          pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
	} {
		if _, err := ParseKey(b); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for _, o := range []Options{{}, {Keys: []Key{{}}}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
