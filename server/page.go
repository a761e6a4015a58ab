package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const (
	indexFile = "index.html"
	ownPrefix = reserved + "/"
)

// pageHeaders are sent with every file of the page. The page runs its own
// scripts and the WebAssembly module, and nothing from anywhere else; styles may
// be inline because editors set them on elements; ws and wss are named because
// 'self' does not cover them in every browser.
var pageHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// contentTypes are fixed here because what mime.TypeByExtension says depends on
// the machine; a wrong type for .wasm costs the streaming compilation.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/x-icon",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".map":   "application/json",
	".mjs":   "text/javascript; charset=utf-8",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".wasm":  "application/wasm",
	".woff2": "font/woff2",
}

// page is a set of files that do not change.
type page struct {
	files  fs.FS
	index  string            // index.html
	assets map[string]*asset // by name, without those that are forms of another
}

// asset is one file with the forms it can be sent in.
type asset struct {
	contentType string
	forms       []form // the preferred first; the last is the file itself
}

type form struct {
	encoding string // of Content-Encoding; empty for the file itself
	name     string
	size     int64
	etag     string
}

// encodings are the forms that a file may have beside itself, the smaller first.
var encodings = []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}}

func newPage(files fs.FS) (*page, error) {
	p := &page{files: files, assets: make(map[string]*asset)}
	all := make(map[string]form)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		sum := sha256.Sum256(content)
		if name == indexFile {
			p.index = string(content)
		}
		all[name] = form{name: name, size: int64(len(content)), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("server: Config.Page: %w", err)
	}
	for name := range all {
		if base, ok := compressed(name); ok && all[base].name != "" {
			continue
		}
		a := &asset{contentType: contentTypes[strings.ToLower(path.Ext(name))]}
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
		for _, e := range encodings {
			if f, ok := all[name+e.suffix]; ok {
				f.encoding = e.encoding
				a.forms = append(a.forms, f)
			}
		}
		p.assets[name] = a
	}
	return p, nil
}

// compressed returns the name of the file that name is a form of.
func compressed(name string) (base string, ok bool) {
	for _, e := range encodings[:2] {
		if base, ok := strings.CutSuffix(name, e.suffix); ok {
			return base, true
		}
	}
	return "", false
}

// serve answers a GET or HEAD for a file, or reports that there is none.
func (p *page) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	a := p.assets[name]
	if a == nil {
		return false
	}
	f := a.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	if len(a.forms) > 1 {
		h.Add("Vary", "Accept-Encoding")
	}
	if known(w, r, a.contentType, f.etag) {
		return true
	}
	if f.encoding != "" {
		h.Set("Content-Encoding", f.encoding)
	}
	h.Set("Content-Length", strconv.FormatInt(f.size, 10))
	if r.Method == http.MethodHead {
		return true
	}
	file, err := p.files.Open(f.name)
	if err != nil {
		h.Del("Content-Encoding")
		h.Del("Content-Length")
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return true
	}
	defer file.Close()
	_, _ = io.Copy(w, file)
	return true
}

// serveIndex answers with index.html for a document whose name, as the address
// spells it, has so many slashes. The file names its assets relative to a document
// beside them, so that the page works wherever the server is mounted; from a
// document further down the way is longer.
func (p *page) serveIndex(w http.ResponseWriter, r *http.Request, slashes int) {
	if slashes == 0 {
		p.serve(w, r, indexFile)
		return
	}
	a := p.assets[indexFile]
	plain := a.forms[len(a.forms)-1]
	etag := fmt.Sprintf(`%s-%d"`, strings.TrimSuffix(plain.etag, `"`), slashes)
	if known(w, r, a.contentType, etag) {
		return
	}
	body := strings.ReplaceAll(p.index, `"`+ownPrefix, `"`+strings.Repeat("../", slashes)+ownPrefix)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body)
	}
}

// known sets the headers of a file of the page, and answers with 304 a client that
// has it already.
func known(w http.ResponseWriter, r *http.Request, contentType, etag string) bool {
	h := w.Header()
	for k, v := range pageHeaders {
		h.Set(k, v)
	}
	h.Set("Content-Type", contentType)
	// Names stay the same when the page changes, so a browser asks every time
	// and is answered with 304.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag)
	if !matchesETag(r.Header.Get("If-None-Match"), etag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// choose returns the smallest form that the client takes.
func (a *asset) choose(accept string) form {
	for _, f := range a.forms[:len(a.forms)-1] {
		if acceptsEncoding(accept, f.encoding) {
			return f
		}
	}
	return a.forms[len(a.forms)-1]
}

// acceptsEncoding reads an Accept-Encoding header (RFC 9110, 12.5.3). "*" is not
// taken for an invitation: who wants br or gzip says so.
func acceptsEncoding(header, encoding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		token, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(token), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q=")
		if !ok {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

// matchesETag reads an If-None-Match header (RFC 9110, 13.1.2).
func matchesETag(header, etag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == etag || item == "*" {
			return true
		}
	}
	return false
}

// acceptsHTML reports whether a request may come from somebody who wants to look
// at a page: browsers name text/html when they navigate, and send other types for
// the icon or for what a script fetches.
func acceptsHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*") && !strings.Contains(accept, "image/")
}
