package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/weft-sync/weft/tests/bench/internal/process"
)

// versions returns what was measured with what.
func versions(ctx context.Context, root string) map[string]string {
	v := map[string]string{"go": runtime.Version()}
	if b, err := process.Run(ctx, process.Command{Path: "node", Args: []string{"--version"}}); err == nil {
		v["node"] = strings.TrimSpace(string(b))
	}
	for name, folder := range map[string]string{
		"yjs": "yjs", "ywasm": "ywasm", "loro-crdt": "loro-crdt", "lib0": "lib0", "y-protocols": "y-protocols",
		"y-websocket": "y-websocket-2", "@hocuspocus/server": "@hocuspocus/server",
	} {
		v[name] = packageVersion(filepath.Join(root, "node_modules", folder))
	}
	return v
}

// packageVersion returns the version of an installed npm package.
func packageVersion(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return "not installed"
	}
	var p struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(b, &p) != nil {
		return "unreadable"
	}
	return p.Version
}
