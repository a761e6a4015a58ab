package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/weft-sync/weft/native/tokens"
	"github.com/weft-sync/weft/server"
)

// tokenFlags say which tokens a client has to bring.
type tokenFlags struct {
	Key      []string `name:"token-key" type:"path" env:"WEFT_TOKEN_KEY" placeholder:"FILE" help:"Key that clients' tokens (JSON Web Tokens) are signed with: a public key in PEM (Ed25519 or RSA), or a secret of 32 bytes or more for HS256. Without one nobody needs a token. Repeatable."`
	Issuer   string   `name:"token-issuer" env:"WEFT_TOKEN_ISSUER" placeholder:"NAME" help:"What a token's iss must be."`
	Audience string   `name:"token-audience" env:"WEFT_TOKEN_AUDIENCE" placeholder:"NAME" help:"What a token's aud must have."`
	Revoked  string   `name:"token-revoked" type:"path" env:"WEFT_TOKEN_REVOKED" placeholder:"FILE" help:"Tokens that are taken back: their jti, one a line. Read again on SIGHUP, and then everybody's access is judged again."`
}

// gate judges the access to documents by tokens.
type gate struct {
	verifier *tokens.Verifier
	revoked  string // file
}

// gate returns nil if no tokens are asked for.
func (f *tokenFlags) gate() (*gate, error) {
	if len(f.Key) == 0 {
		if f.Issuer+f.Audience+f.Revoked != "" {
			return nil, errors.New("--token-issuer, --token-audience and --token-revoked need a --token-key")
		}
		return nil, nil
	}
	o := tokens.Options{Issuer: f.Issuer, Audience: f.Audience, Leeway: 2 * time.Second}
	for _, name := range f.Key {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		k, err := tokens.ParseKey(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		o.Keys = append(o.Keys, k)
	}
	v, err := tokens.New(o)
	if err != nil {
		return nil, err
	}
	g := &gate{verifier: v, revoked: f.Revoked}
	return g, g.load()
}

// load reads which tokens are taken back.
func (g *gate) load() error {
	if g.revoked == "" {
		return nil
	}
	b, err := os.ReadFile(g.revoked)
	if err != nil {
		return err
	}
	var ids []string
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if id := strings.TrimSpace(lines.Text()); id != "" && !strings.HasPrefix(id, "#") {
			ids = append(ids, id)
		}
	}
	g.verifier.SetRevoked(ids)
	return nil
}

// access is the server's Access function.
func (g *gate) access(_ context.Context, q server.AccessRequest) (server.Grant, error) {
	c, err := g.verifier.Verify(q.Token, q.Document, time.Now())
	if te, ok := errors.AsType[*tokens.Error](err); ok {
		return server.Grant{}, &server.AccessError{Denial: te.Denial, Err: err}
	} else if err != nil {
		return server.Grant{}, err
	}
	return server.Grant{ReadOnly: c.ReadOnly, Expires: c.Expires}, nil
}

// reload is what SIGHUP does. A file that cannot be read changes nothing.
func (g *gate) reload(docs *server.Server, logger *slog.Logger) {
	if err := g.load(); err != nil {
		logger.Error("the revoked tokens were not read again", "error", err)
		return
	}
	logger.Info("access is judged again")
	docs.Recheck("")
}
