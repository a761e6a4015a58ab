package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/weft-sync/weft/native/badgerstore"
	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/server"
)

// parseModes reads the values of --mode: a mode, or a pattern with one. Of several
// modes without a pattern the last counts.
func parseModes(values []string) (mode server.Mode, rules []server.ModeRule, err error) {
	for _, v := range values {
		pattern, word, ruled := cutLast(v, "=")
		var m server.Mode
		if err := m.UnmarshalText([]byte(word)); err != nil {
			return 0, nil, fmt.Errorf("--mode %s: %w", v, err)
		}
		if ruled {
			rules = append(rules, server.ModeRule{Pattern: pattern, Mode: m})
		} else {
			mode = m
		}
	}
	return mode, rules, nil
}

// cutLast cuts s around the last sep; a name may have one too.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// open opens the store, if any document is to be in one, and says where documents
// are.
func (c *serveCmd) open(mode server.Mode, rules []server.ModeRule, logger *slog.Logger) (st store.Store, where string, err error) {
	stored, kept := mode == server.ModeStore, mode != server.ModeBroadcast
	for _, r := range rules {
		stored = stored || r.Mode == server.ModeStore
		kept = kept || r.Mode != server.ModeBroadcast
	}
	switch {
	case stored:
		st, err = badgerstore.Options{Sync: c.Sync, Interval: c.Commit, Logger: logger}.Open(c.Data)
		return st, "documents in " + c.Data, err
	case kept:
		return nil, "documents in memory", nil
	default:
		return nil, "documents are not kept", nil
	}
}

func closeStore(st store.Store) error {
	if st == nil {
		return nil
	}
	return st.Close()
}
