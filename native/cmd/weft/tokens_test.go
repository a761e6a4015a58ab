package main_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/client"
)

// A server with a key lets in who has a token for the document, says so to who has
// not, and takes tokens back on SIGHUP.
func TestServeTokens(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := strings.Repeat("k", 40)
	revoked := write("revoked", "# none yet\n")
	p := serve(t, filepath.Join(dir, "data"), "--no-page", "--token-key", write("key", secret+"\n"), "--token-revoked", revoked)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"jti": "7", "write": []string{"notes"}, "read": []string{"handbook"}, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	// Why the writer stopped.
	ended := make(chan error, 1)
	open := func(document, right string) *client.Client {
		t.Helper()
		c, err := client.New("ws"+strings.TrimPrefix(p.url, "http"), document, update.NewDoc(), client.Options{
			Token: func(context.Context) (string, error) { return right, nil },
			OnStatus: func(_ client.Status, err error) {
				if err != nil && document == "notes" && right == token {
					select {
					case ended <- err:
					default:
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	writer, reader := open("notes", token), open("handbook", token)
	for _, c := range []*client.Client{writer, reader} {
		if err := c.WaitSaved(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if writer.Permission() != client.MayWrite || reader.Permission() != client.MayRead {
		t.Errorf("permissions %v and %v", writer.Permission(), reader.Permission())
	}
	for _, tt := range []struct {
		document, token string
		want            codec.Denial
	}{{"other", token, codec.NoAccess}, {"notes", "", codec.Missing}, {"notes", token + "x", codec.Bad}} {
		err := open(tt.document, tt.token).WaitSynced(ctx)
		if ae, ok := errors.AsType[*client.AuthError](err); !ok || ae.Denial != tt.want {
			t.Errorf("%s with %q: %v", tt.document, tt.token, err)
		}
	}
	write("revoked", "7\n")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
		t.Fatal("the token was not taken back")
	}
	if ae, ok := errors.AsType[*client.AuthError](err); !ok || ae.Denial != codec.Revoked {
		t.Errorf("ended with %v", err)
	}
}
