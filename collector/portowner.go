package collector

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// explainBind says what to do about a failed bind.
func explainBind(l *listener, err error) error {
	transport := "tcp"
	if l.Scheme == schemeUDP {
		transport = "udp"
	}
	advice := ""
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		holder := portOwner("/proc", transport, l.Port)
		if holder == "" {
			holder = "another process"
		}
		advice = fmt.Sprintf("; %s has %s port %d (ss -%slnp shows it): stop it, or choose another port", holder, transport, l.Port, transport[:1])
	case errors.Is(err, unix.EACCES):
		advice = "; ports below 1024 need CAP_NET_BIND_SERVICE: grant it, or choose another port"
	case errors.Is(err, unix.EADDRNOTAVAIL):
		advice = "; no interface of this machine has that address: leave the host out to listen on all of them"
	}
	return fmt.Errorf("%s: cannot listen on %s: %w%s", l.key, l.Endpoint, err, advice)
}

// portOwner names a process that has the local port, as far as proc shows it;
// else it is empty.
func portOwner(proc, transport string, port uint16) string {
	sockets := map[string]bool{}
	for _, table := range []string{transport, transport + "6"} {
		addSockets(sockets, filepath.Join(proc, "net", table), port)
	}
	if len(sockets) == 0 {
		return ""
	}
	// What cannot be read belongs to other users, or is just ending.
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || !sockets[target] {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		name, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("process %s (%s)", filepath.Base(process), strings.TrimSpace(string(name)))
	}
	return ""
}

// addSockets reads a table such as /proc/net/udp, and adds the sockets that are
// bound to the port, as the links in /proc/PID/fd name them.
func addSockets(sockets map[string]bool, path string, port uint16) {
	file, err := os.Open(path)
	if err != nil {
		return // no IPv6, or no /proc: the error of the bind says enough
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// sl local_address rem_address state queues timer retransmits uid timeout inode
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 {
			continue
		}
		if state := fields[3]; state != "07" && state != "0A" {
			continue // neither unconnected UDP nor a listening TCP socket
		}
		_, hex, found := strings.Cut(fields[1], ":")
		local, err := strconv.ParseUint(hex, 16, 16)
		if found && err == nil && uint16(local) == port && fields[9] != "0" {
			sockets["socket:["+fields[9]+"]"] = true
		}
	}
}
