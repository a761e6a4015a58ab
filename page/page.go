// Package page holds the built page as files: an editor on the document that
// the address names, with the sync provider it loads.
//
// It is not a server: [github.com/weft-sync/weft/server] serves FS, index.html
// for a document's address and the rest under /_weft/.
//
// The files are built, not committed. A binary that was built before the page
// was has an FS without index.html; Built tells. To build the page:
//
//	npm ci && npm run build -w jsbridge && node page/build.mjs
package page

import (
	"embed"
	"io/fs"
)

// BuildHint says how to build the page, for a server that has none.
const BuildHint = "the page is not built: run `npm ci && npm run build -w jsbridge && node page/build.mjs`, then build the binary again (`make run` does all of it)"

//go:embed all:dist
var dist embed.FS

// FS holds index.html, page.js, page.css, provider.wasm and what else the page
// needs, each also compressed as name.br and name.gz. It is read-only.
var FS = built()

// Built reports whether the page was built before this binary was.
func Built() bool {
	_, err := fs.Stat(FS, "index.html")
	return err == nil
}

func built() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // only for an invalid path
		panic("page: " + err.Error())
	}
	return files
}
