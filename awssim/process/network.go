package process

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// addresses gives every task a loopback address of its own, from 127.0.1.2 on, which Linux answers on without set-up.
// Addresses go round, so that one that was just released is not met again in the health checks of another task.
type addresses struct {
	block int          // the second number: runtimes that run side by side have different ones
	guard net.Listener // holds the block
	next  int
	used  map[string]bool
}

const (
	addressCount = 255 * 253 // 127.N.1.2 to 127.N.255.254
	guardPort    = 46564
)

// claimAddresses takes the first block of addresses that no other runtime on this machine has.
func claimAddresses() (addresses, error) {
	a := addresses{used: map[string]bool{}}
	if runtime.GOOS != "linux" {
		return a, nil
	}
	var err error
	for ; a.block < 255; a.block++ {
		if a.guard, err = net.Listen("tcp", fmt.Sprintf("127.%d.0.1:%d", a.block, guardPort)); err == nil {
			return a, nil
		}
	}
	return a, fmt.Errorf("process: no block of loopback addresses is free for tasks: %w", err)
}

func (a *addresses) giveUp() {
	if a.guard != nil {
		_ = a.guard.Close()
	}
}

// Address is a free address for a task. Where the machine has only 127.0.0.1 (all systems but Linux) it is that for every
// task, and tasks that listen on the same port cannot run side by side.
func (a *addresses) Address() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	for range addressCount {
		n := a.next
		a.next = (a.next + 1) % addressCount
		address := fmt.Sprintf("127.%d.%d.%d", a.block, 1+n/253, 2+n%253)
		if !a.used[address] {
			a.used[address] = true
			return address
		}
	}
	panic("process: more than " + strconv.Itoa(addressCount) + " tasks at a time")
}

// Release gives an address back.
func (a *addresses) Release(address string) { delete(a.used, address) }

// remapped is added to a port that this user may not bind.
const remapped = 10_000

// Port is where a container's port is on this machine: the same, but for a privileged port of a user who may not bind it,
// which is 10000 higher. A program learns it from PORT, a load balancer asks (elbv2.Ports).
func (r *Runtime) Port(port int) int {
	if port < r.privileged {
		return port + remapped
	}
	return port
}

// PortNote is a sentence for people about the ports that are moved, "" if none are.
func (r *Runtime) PortNote() string {
	if r.privileged == 0 {
		return ""
	}
	return fmt.Sprintf("You may not bind ports below %d: a task finds such a port %d higher, as $PORT tells it.", r.privileged, remapped)
}

// privilegedPorts is the first port that this user may bind.
func privilegedPorts() int {
	if os.Geteuid() == 0 {
		return 0
	}
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return 1024
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 1024
	}
	return first
}

// client asks targets as a load balancer does: every request on a connection of its own, and no redirect is followed.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Request asks a task over HTTP and calls done in a turn. The timeout is time on the clock, but at least a second on the
// wall: processes answer no faster because time is scaled.
func (r *Runtime) Request(address string, port int, method, path string, timeout time.Duration, done func(status int, err error)) {
	limit := time.Duration(float64(r.atLeast(timeout, minTimeout)) / r.clock.Speed())
	r.background(func() {
		status, err := r.request(address, port, method, path, limit)
		r.post(func() { done(status, err) })
	})
}

func (r *Runtime) request(address string, port int, method, path string, limit time.Duration) (int, error) {
	if ip := net.ParseIP(address); ip == nil || !ip.IsLoopback() {
		return 0, fmt.Errorf("awssim reaches tasks of this machine only, and %s is not an address of one", address)
	}
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	defer cancel()
	url := "http://" + net.JoinHostPort(address, strconv.Itoa(r.Port(port))) + "/" + strings.TrimPrefix(path, "/")
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, fmt.Errorf("request %s: %w", url, err)
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	return res.StatusCode, nil
}
