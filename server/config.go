package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/store"
)

// Defaults of [Config].
const (
	DefaultReadLimit   = 64 << 20 // bytes
	DefaultIdleTimeout = 30 * time.Second
	DefaultDocuments   = 1000
	DefaultDocument    = "welcome"
)

// Config is a server's settings. Only Store is required; the zero values of the
// others are safe defaults.
type Config struct {
	// Store keeps the documents. The server does not close it. It may be nil if no
	// document is in ModeStore.
	Store store.Store

	// Mode says what is kept of a document, unless one of Modes says otherwise: the
	// first whose pattern the document's name matches.
	Mode  Mode
	Modes []ModeRule

	// Processors are asked about each request, in their order, before anything else is
	// done with it; the first that answers ends it. [BasicAuth] makes one.
	Processors []Processor

	// Authorize decides whether a request may open a document, before the
	// connection is upgraded; nil lets everybody in. It sees cookies, headers and
	// query of the request, and must not write to it. An error refuses: with its
	// status and reason if it is (or wraps) a *[StatusError], otherwise with 403
	// and a reason that tells nothing of the error, which goes to the log. It may
	// be called from many goroutines at once and should honour r.Context().
	Authorize func(r *http.Request, document string) error

	// Access, if set, is asked after Authorize, for each document that a client wants
	// to open, with the token that the client presented; again when the client renews
	// its token, and on Recheck. For clients of the y protocol that is before the
	// connection is upgraded. It decides whether the client may only read, and until
	// when. An error refuses, as an *[AccessError] says. It may be called from many
	// goroutines at once, and should return when ctx ends.
	Access func(ctx context.Context, q AccessRequest) (Grant, error)

	// Limits bounds what clients of weft.v1 may write; what is over it is refused with
	// a word, and costs nobody the connection. Zero fields mean no limit.
	Limits room.Limits

	// Origins lists the web origins, besides the server's own, whose pages may
	// connect: "https://app.example.org", a host and port without a scheme, a
	// host with one leading wildcard label ("https://*.example.org"), or "*" for
	// all. A request without an Origin header does not come from a web page and
	// is not held back by this.
	Origins []string

	// Names says which names a document may have; the zero value is NamesPath.
	Names NameRule

	// ReadLimit is the size in bytes of the largest message a peer may send
	// (close code 1009 past it). 0 means DefaultReadLimit.
	ReadLimit int64

	// QueueLimit is how many bytes of updates may wait for a slow peer before
	// they are replaced by one update made when it is ready. 0 means 1 MiB.
	QueueLimit int

	// MaxConnections bounds the open connections; further ones get 503. 0 means
	// no bound but the system's.
	MaxConnections int

	// MaxDocuments bounds the documents of a connection whose frames name one
	// each; what is for further ones is dropped. 0 means DefaultDocuments.
	MaxDocuments int

	// Compression accepts permessage-deflate. It costs CPU and memory, and gains
	// little on updates of a few bytes.
	Compression bool

	// IdleTimeout is how long a document stays in memory after its last
	// connection has gone. 0 means DefaultIdleTimeout.
	IdleTimeout time.Duration

	// Page is the web page: index.html is served at every document's address,
	// and all its files under /_weft/. A file NAME.br or NAME.gz beside NAME is
	// sent instead of it to browsers that accept that. It must not change. Nil:
	// no page.
	Page fs.FS

	// DefaultDocument is where / redirects to when there is a Page. Empty means
	// the constant DefaultDocument.
	DefaultDocument string

	// OnStatus, if set, is told each change of the server's status, and OnDocument
	// each change of a document's, those of one document in order. They are called from
	// the goroutines that do the work, many at once, and must not block or call the
	// server.
	OnStatus   func(Status)
	OnDocument func(document string, s DocumentStatus)

	// Logger takes what an operator should know; nil means slog.Default().
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	for _, m := range append([]ModeRule{{Mode: c.Mode}}, c.Modes...) {
		if m.Mode < 0 || int(m.Mode) >= len(modeNames) {
			return c, fmt.Errorf("server: unknown mode %v", m.Mode)
		}
	}
	if c.Store == nil && c.keeps(ModeStore) {
		return c, errors.New("server: Config.Store is nil")
	}
	if c.Names != NamesPath && c.Names != NamesELVA {
		return c, fmt.Errorf("server: unknown Config.Names %d", c.Names)
	}
	if c.ReadLimit <= 0 {
		c.ReadLimit = DefaultReadLimit
	}
	if c.IdleTimeout <= 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	if c.MaxDocuments <= 0 {
		c.MaxDocuments = DefaultDocuments
	}
	if c.DefaultDocument == "" {
		c.DefaultDocument = DefaultDocument
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Page != nil {
		if _, err := fs.Stat(c.Page, indexFile); err != nil {
			return c, fmt.Errorf("server: Config.Page: %w", err)
		}
		if err := c.Names.Check(c.DefaultDocument); err != nil {
			return c, fmt.Errorf("server: Config.DefaultDocument: %w", err)
		}
	}
	return c, nil
}
