// Command app is what the tests of package process run as a container. Its first argument says what it does.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	mode := "serve"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	switch mode {
	case "serve":
		serve()
	case "exit": // exit CODE [LINE...]
		for _, line := range os.Args[3:] {
			fmt.Println(line)
		}
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "long": // one line of so many bytes, and an end without a newline
		n, _ := strconv.Atoi(os.Args[2])
		fmt.Println(strings.Repeat("x", n))
		fmt.Print("end")
	case "deaf": // ignores SIGTERM
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		time.Sleep(time.Hour)
	case "parent": // leaves a child in its group behind
		child := exec.Command(os.Args[0], "deaf")
		child.Path, _ = os.Executable()
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Println("child", child.Process.Pid)
	case "crash":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	}
}

func serve() {
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Join(os.Environ(), "\n")) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	l, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")))
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	fmt.Println("listening pid", os.Getpid())
	panic(http.Serve(l, nil))
}
