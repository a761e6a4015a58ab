package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
)

func goVersion() string { return runtime.Version() }

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
