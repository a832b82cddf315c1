package awssim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Listen opens a port for Serve. It refuses an address that other machines can reach: whoever can push an image to awssim can
// run a program on its machine.
func Listen(addr string) (net.Listener, error) {
	if !isLoopback(addr) {
		return nil, fmt.Errorf("awssim listens on this machine only: use 127.0.0.1:PORT or localhost:PORT, not %s", addr)
	}
	return net.Listen("tcp", addr)
}

// ListenNear opens a port of a load balancer on 127.0.0.1: the port itself, 8000 above it where it is privileged, or any free one.
func ListenNear(port int) (net.Listener, error) {
	if port < 1024 {
		port += 8000
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return l, nil
}

// Serve runs a Sim with a paced clock until ctx is done: the clock, the APIs and the registry on l, and a socket for every load
// balancer listener (Sim.ELB.Endpoints tells which). It prints nothing, and closes the Sim before it returns.
func (s *Sim) Serve(ctx context.Context, l net.Listener) error {
	if !s.Clock.Paced() {
		return errors.New("awssim: Serve needs a paced clock; a virtual one is driven by its test")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.ECR.SetEndpoint("http://" + l.Addr().String())
	server := &http.Server{Handler: Loopback(s), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- s.ELB.Serve(ctx, ListenNear) }()
	go func() { failed <- server.Serve(l) }()
	ended := make(chan struct{})
	go func() { defer close(ended); s.Clock.Run(ctx) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	_ = server.Close()
	cancel()
	<-ended
	return errors.Join(err, s.Close())
}
