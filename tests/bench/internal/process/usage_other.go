//go:build !linux

package process

import (
	"os"
	"os/exec"
	"time"
)

func endWithParent(*exec.Cmd) {}

func askToEnd(p *os.Process) { p.Kill() }

// CPU returns [ErrNoProc] on this system.
func (c *Child) CPU() (time.Duration, error) { return 0, ErrNoProc }

// Memory returns [ErrNoProc] on this system.
func (c *Child) Memory() (Memory, error) { return Memory{}, ErrNoProc }

// OwnCPU returns 0 on this system.
func OwnCPU() time.Duration { return 0 }
