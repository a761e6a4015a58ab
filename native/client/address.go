package client

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// parseAddress returns the address of a document on a server: the server's, a slash
// and the document's name, as y-websocket makes it
// (y-websocket@3.1.0/src/y-websocket.js#WebsocketProvider). Unlike there, the name is
// percent-encoded, so that the server decodes it to the same name whatever is in it;
// and a query of the server's address stays one.
func parseAddress(server, document string) (*url.URL, error) {
	u, err := parseServer(server)
	if err != nil {
		return nil, err
	}
	if err := checkDocument(document); err != nil {
		return nil, err
	}
	segments := strings.Split(document, "/")
	for i, s := range segments {
		if s == "." || s == ".." { // whoever is on the way would resolve it
			return nil, fmt.Errorf("client: the document's name %q has . or .. as a segment", document)
		}
		segments[i] = url.PathEscape(s)
	}
	u.RawPath = strings.TrimRight(u.EscapedPath(), "/") + "/" + strings.Join(segments, "/")
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, fmt.Errorf("client: the server's address: %w", err)
	}
	return u, nil
}

// parseServer returns the address of a server, to which no document's name belongs.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // the address may have a password in it
		}
		return nil, fmt.Errorf("client: the server's address: %w", err)
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("client: the server's address has the scheme %q, not ws or wss", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("client: the server's address has no host")
	case u.Fragment != "":
		return nil, errors.New("client: the server's address has a fragment (RFC 6455, 3)")
	}
	return u, nil
}

func checkDocument(document string) error {
	switch {
	case document == "":
		return errors.New("client: the document has no name")
	case !utf8.ValidString(document):
		return errors.New("client: the document's name is not valid UTF-8")
	}
	return nil
}

// withParams returns the address with params added to its query.
func withParams(u *url.URL, params url.Values) string {
	if len(params) == 0 {
		return u.String()
	}
	v := *u
	if v.RawQuery != "" {
		v.RawQuery += "&"
	}
	v.RawQuery += params.Encode()
	return v.String()
}
