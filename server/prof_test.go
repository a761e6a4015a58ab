package server

import (
	"os"
	"runtime/pprof"
)

func init() {
	if p := os.Getenv("WEFT_PROF"); p != "" && os.Getenv(childEnv) != "" {
		f, _ := os.Create(p)
		pprof.StartCPUProfile(f)
		stopProf = func() { pprof.StopCPUProfile(); f.Close() }
	}
}

var stopProf = func() {}

