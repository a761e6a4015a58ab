package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
)

// AccessRequest is what [Config].Access is asked.
type AccessRequest struct {
	// Request is the handshake: headers, cookies, query, address. It must not be
	// changed, and has no body.
	Request *http.Request

	// Document is the document's name.
	Document string

	// Token is what the client presented, empty if nothing: in weft.v1 by its Access
	// message, anew when it renews it; of other clients it is the bearer token of the
	// Authorization header, or else the query's "token".
	Token string
}

// Grant is what [Config].Access lets a client do.
type Grant struct {
	// ReadOnly: what the client would change has no effect. Clients that speak
	// weft.v1 are told of each update, others are not told at all.
	ReadOnly bool

	// Reason says why, for a person; clients that speak weft.v1 are told.
	Reason string

	// Expires is when the grant runs out; zero: never. Clients that speak weft.v1 are
	// asked for a new token ahead; others are closed with 4401 when it is over.
	Expires time.Time
}

// A Denial says why access was denied.
type Denial = codec.Denial

// The reasons of an [AccessError].
const (
	TokenMissing = codec.Missing
	TokenInvalid = codec.Bad
	TokenExpired = codec.Expired
	TokenRevoked = codec.Revoked
	Forbidden    = codec.NoAccess
)

// An AccessError is returned by an Access function to choose what the client is told:
// that it needs another token, or that the document is not for it. Any other error is
// a fault of the server's: the client is told to come back later.
type AccessError struct {
	Denial Denial
	Reason string // a line for a person; it is sent
	Err    error  // the cause, for the log; may be nil
}

func (e *AccessError) Error() string {
	s := "access denied: " + e.Denial.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *AccessError) Unwrap() error { return e.Err }

// access asks whether a request may have a document: Authorize first, then Access.
func (s *Server) access(ctx context.Context, r *http.Request, name, token string) (Grant, error) {
	if err := s.authorize(r, name); err != nil {
		return Grant{}, err
	}
	if s.cfg.Access == nil {
		return Grant{}, nil
	}
	return s.cfg.Access(ctx, AccessRequest{Request: r, Document: name, Token: token})
}

// accessOf is a grant as rooms know it.
func (g Grant) accessOf() room.Access { return room.Access{Write: !g.ReadOnly, Reason: g.Reason} }

// requestToken returns the token that a request carries by itself.
func requestToken(r *http.Request) string {
	const scheme = "bearer "
	if h := r.Header.Get("Authorization"); len(h) > len(scheme) && strings.EqualFold(h[:len(scheme)], scheme) {
		return strings.TrimSpace(h[len(scheme):])
	}
	return r.URL.Query().Get("token")
}

// refuseAccess answers a request whose handshake is refused. What an Access function
// failed with is not told.
func (s *Server) refuseAccess(w http.ResponseWriter, r *http.Request, name string, err error) {
	ae, ok := errors.AsType[*AccessError](err)
	if !ok {
		s.refuseUnauthorized(w, r, name, err)
		return
	}
	status := http.StatusUnauthorized
	if ae.Denial == Forbidden {
		status = http.StatusForbidden
	} else {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	s.refuseUnauthorized(w, r, name, &StatusError{Status: status, Reason: denialText(ae), Err: err})
}

func denialText(e *AccessError) string {
	if e.Reason != "" {
		return e.Reason
	}
	return "access denied: " + e.Denial.String()
}

// denial says how a client of weft.v1 is told of an error of access: as a denial, or
// as the end of the document for now.
func denial(err error) (codec.Denial, string) {
	if ae, ok := errors.AsType[*AccessError](err); ok {
		return ae.Denial, ae.Reason
	}
	if se, ok := errors.AsType[*StatusError](err); ok {
		switch {
		case se.Status == http.StatusUnauthorized:
			return codec.Bad, se.Reason
		case se.Status >= 500 || se.Status == http.StatusTooManyRequests:
			return codec.Unavailable, se.Reason
		}
		return codec.NoAccess, se.Reason
	}
	return codec.NoAccess, "not allowed to open this document"
}

// judge is access for a document of a connection that is open. A panic in the
// program's function costs the document, as it would cost a request in net/http.
func (s *Server) judge(ctx context.Context, r *http.Request, name, token string) (g Grant, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.stats.panics.Add(1)
			err = &StatusError{Status: http.StatusServiceUnavailable, Reason: "access could not be judged", Err: fmt.Errorf("panic: %v", v)}
			s.log.Error("fault in the Access or Authorize function", "document", name, "panic", v)
		}
	}()
	return s.access(ctx, r, name, token)
}
