package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// endWithParent has the kernel kill the child when the benchmark dies.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

func askToEnd(p *os.Process) { p.Signal(syscall.SIGTERM) }

// CPU returns the time, user and system together, that all threads of the
// child have run so far.
//
// It is read from /proc/<pid>/task/*/schedstat, whose first field counts
// nanoseconds; /proc/<pid>/stat counts ticks of 10 ms, which is coarser than
// what a cheap server uses in a round. A thread that ended takes its time with
// it, which is why a reading is refused when it falls: neither Node nor Go ends
// threads in steady state.
func (c *Child) CPU() (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", c.PID()))
	if err != nil || len(tasks) == 0 {
		return 0, ErrNoProc
	}
	var sum int64
	for _, name := range tasks {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread ended between the two calls
		}
		first, _, _ := bytes.Cut(b, []byte(" "))
		ns, err := strconv.ParseInt(string(first), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		sum += ns
	}
	return time.Duration(sum), nil
}

// Memory reads /proc/<pid>/smaps_rollup.
func (c *Child) Memory() (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", c.PID()))
	if err != nil {
		return Memory{}, ErrNoProc
	}
	var m Memory
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 3 || string(f[2]) != "kB" {
			continue
		}
		kb, err := strconv.ParseInt(string(f[1]), 10, 64)
		if err != nil {
			return Memory{}, fmt.Errorf("smaps_rollup: %w", err)
		}
		switch string(f[0]) {
		case "Rss:":
			m.RSS = kb << 10
		case "Pss:":
			m.PSS = kb << 10
		case "Pss_Anon:":
			m.Anon = kb << 10
		}
	}
	return m, nil
}

// OwnCPU returns the CPU time of this process so far.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
