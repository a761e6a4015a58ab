// Package origin decides which web pages may open a WebSocket.
//
// Browsers send cookies with a WebSocket handshake whatever page asks for it, and no
// CORS check stands in between: without this, any page that a user visits could read
// and write the user's documents, those of a server on the user's own machine too.
package origin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// List is the origins that may connect, besides a server's own. The zero value is
// none. It may be used from any goroutine.
type List struct {
	all   bool
	exact map[string]bool // "https://example.org:8443" or "example.org:8443"
	below []wildcard
}

// wildcard is an allowed "scheme://*.domain"; scheme is empty for any.
type wildcard struct{ scheme, suffix string }

// Parse reads a list of origins: "https://app.example.org", a host and port without
// a scheme, a host with one leading wildcard label ("https://*.example.org"), or "*"
// for all.
func Parse(list []string) (*List, error) {
	o := &List{exact: make(map[string]bool)}
	for _, entry := range list {
		if entry == "*" {
			o.all = true
			continue
		}
		bad := fmt.Errorf("%q is not an origin such as https://example.org", entry)
		scheme, host, ok := strings.Cut(strings.ToLower(entry), "://")
		if !ok {
			scheme, host = "", scheme
		} else if scheme == "" {
			return nil, bad
		}
		label, domain, wild := strings.Cut(host, "*.")
		if !wild {
			domain = host
		}
		u, err := url.Parse("http://" + domain)
		if err != nil || domain == "" || u.Host != domain || label != "" && wild || strings.Contains(domain, "*") {
			return nil, bad
		}
		switch {
		case wild:
			o.below = append(o.below, wildcard{scheme, "." + domain})
		case scheme == "":
			o.exact[host] = true
		default:
			o.exact[scheme+"://"+host] = true
		}
	}
	return o, nil
}

// Allows reports whether r may connect: it does not come from a web page, or from one
// of the server's own origin, or of an origin in the list.
func (o *List) Allows(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true // not a web page
	}
	if o.all {
		return true
	}
	if len(values) > 1 {
		return false
	}
	u, err := url.Parse(values[0])
	if err != nil || u.Host == "" { // "null": a sandboxed frame, a file
		return false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if strings.EqualFold(host, r.Host) {
		return true
	}
	if o.exact[host] || o.exact[scheme+"://"+host] {
		return true
	}
	for _, w := range o.below {
		if (w.scheme == "" || w.scheme == scheme) && strings.HasSuffix(host, w.suffix) {
			return true
		}
	}
	return false
}
