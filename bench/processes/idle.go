package processes

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Idle is what a process uses while nobody uses it.
type Idle struct {
	Memory    float64       // resident, in MB of 10^6 bytes
	Processor float64       // percent of one core
	Start     time.Duration // until it has printed where it listens
}

// settling is left out of what is measured: the service has just been created.
const settling = 3 * time.Second

// Local starts `slipway local` at the speed of the wall clock, lets it idle and ends it. It reads /proc, so it is for Linux.
func Local(slipway, module, functions string, idle time.Duration) (result Idle, err error) {
	c := exec.Command(slipway, "local", "--port", "0", "--functions", functions)
	c.Dir = module
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return result, err
	}
	begin := time.Now()
	if err := c.Start(); err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, end(c)) }()
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "http://127.0.0.1:") {
	}
	result.Start = time.Since(begin)
	go func() {
		for lines.Scan() { // a full pipe would stop it
		}
	}()
	time.Sleep(settling)
	before, _, err := used(c.Process.Pid)
	if err != nil {
		return result, err
	}
	time.Sleep(idle)
	after, memory, err := used(c.Process.Pid)
	result.Memory, result.Processor = memory, 100*float64(after-before)/float64(idle)
	return result, err
}

func end(c *exec.Cmd) error {
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		return errors.Join(fmt.Errorf("slipway local did not end within %s", limit), c.Process.Kill())
	}
}

// used reads the processor time and the resident memory of a process.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func used(pid int) (processor time.Duration, megabytes float64, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The second field is the name in parentheses, which may hold anything; utime is the 14th, stime the 15th, rss the 24th.
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 22 {
		return 0, 0, fmt.Errorf("/proc/%d/stat has only %d fields", pid, len(fields))
	}
	var numbers [3]int64
	for i, field := range []int{11, 12, 21} {
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return 0, 0, err
		}
	}
	const tick = time.Second / 100 // USER_HZ
	return time.Duration(numbers[0]+numbers[1]) * tick, float64(numbers[2]*int64(os.Getpagesize())) / 1e6, nil
}
