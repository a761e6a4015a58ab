package juggler

import (
	"net/http"
	"strings"
)

// forwarded returns the address that the last proxy says a request came from: of the
// Forwarded header's last element (RFC 7239), and otherwise of X-Forwarded-For, if
// that is there exactly once. It is returned as it is written, without quotes.
func forwarded(h http.Header) (address string, ok bool) {
	elements, ok := parseForwarded(strings.Join(h.Values("Forwarded"), ","))
	if ok && len(elements) > 0 {
		if address := elements[len(elements)-1]["for"]; address != "" {
			return address, true
		}
	}
	values := h.Values("X-Forwarded-For")
	if len(values) != 1 {
		return "", false
	}
	return strings.TrimSpace(values[0][strings.LastIndexByte(values[0], ',')+1:]), true
}

// parseForwarded reads a Forwarded header (RFC 7239, section 4), names in lower case.
// The last of several pairs of one name counts. ok is false for what is none.
func parseForwarded(s string) (elements []map[string]string, ok bool) {
	element := map[string]string{}
	for s = skipSpace(s); s != ""; {
		switch s[0] {
		case ',':
			elements, element = append(elements, element), map[string]string{}
			s = skipSpace(s[1:])
			continue
		case ';':
			s = skipSpace(s[1:])
			continue
		}
		name, rest := token(s)
		if name == "" || !strings.HasPrefix(rest, "=") {
			return nil, false
		}
		var value string
		if value, s, ok = tokenOrQuoted(rest[1:]); !ok {
			return nil, false
		}
		element[strings.ToLower(name)] = value
		s = skipSpace(s)
		if s != "" && s[0] != ',' && s[0] != ';' {
			return nil, false
		}
	}
	return append(elements, element), true
}

func skipSpace(s string) string { return strings.TrimLeft(s, " \t") }

// token returns the token that s begins with (RFC 9110, section 5.6.2).
func token(s string) (tok, rest string) {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// tokenOrQuoted returns the value that s begins with. As the original, it takes a
// colon in a token, for addresses with a port that somebody forgot to quote.
func tokenOrQuoted(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = token(s)
		for strings.HasPrefix(rest, ":") {
			more, r := token(rest[1:])
			value, rest = value+":"+more, r
		}
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
