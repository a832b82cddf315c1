package local

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holder is a process that listens on a port.
type holder struct {
	pid  int
	name string // its command line, without the program's folder, and shortened
}

// holderOf finds who listens on a TCP port, through the files of Linux below proc. ok is false where the system does not tell: other
// systems, and other people's processes.
func holderOf(proc string, port int) (h holder, ok bool) {
	var inode string
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		if inode = listening(filepath.Join(proc, table), port); inode != "" {
			break
		}
	}
	if inode == "" {
		return holder{}, false
	}
	descriptors, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return holder{}, false
	}
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		process := filepath.Dir(filepath.Dir(d))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		return holder{pid, nameOf(process)}, true
	}
	return holder{}, false
}

// listening reads one table of sockets: the inode of the one that listens on a port, "" for none.
func listening(table string, port int) string {
	file, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer file.Close()
	const state, inode, listen = 3, 9, "0A" // columns and a state of https://docs.kernel.org/networking/proc_net_tcp.html
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) > inode && columns[state] == listen && strings.HasSuffix(columns[1], fmt.Sprintf(":%04X", port)) {
			return columns[inode]
		}
	}
	return ""
}

// longestName is how much of a command line is enough to know the program again.
const longestName = 60

func nameOf(process string) string {
	line, err := os.ReadFile(filepath.Join(process, "cmdline"))
	if err != nil {
		return "unknown"
	}
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	words[0] = filepath.Base(words[0])
	if name := strings.Join(words, " "); len(name) <= longestName {
		return name
	}
	return strings.Join(words, " ")[:longestName] + " ..."
}
