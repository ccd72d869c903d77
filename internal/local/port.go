package local

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Ports are where things listen; 0 takes any port that is free.
type Ports struct {
	Stack int // sites and emulator
	Desk  int // sign-in and mail pages
	SMTP  int
}

// PortOf reads a port as it is typed.
func PortOf(text string) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return 0, fmt.Errorf("%q is no port: it is a number from 0, for any that is free, to 65535", text)
	}
	return port, nil
}

// FreePort returns want if nobody listens there, and fails if somebody does. 0
// asks for any.
func FreePort(want int) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil {
		return 0, portTrouble(want, err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	// A browser may ask ::1 first, and whoever listens there would get our people.
	other, err := net.Listen("tcp", net.JoinHostPort("::1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) && want != 0 {
		return 0, portTrouble(want, err)
	}
	if err == nil {
		other.Close()
	}
	return port, nil
}

func portTrouble(want int, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d is taken by another program", want)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("port %d is not open to this user: those below 1024 often are not", want)
	}
	return fmt.Errorf("finding a free port: %w", err)
}

// free returns the ports that are used, or says which one cannot be, and what to do.
// A taken port is no reason to take another: links in yesterday's mail name it.
func (p Ports) free() (Ports, error) {
	used := map[int]bool{}
	for _, one := range []struct {
		port     *int
		variable string
	}{{&p.Stack, "JIXU_PORT"}, {&p.Desk, "JIXU_DESK_PORT"}, {&p.SMTP, "JIXU_SMTP_PORT"}} {
		got, err := FreePort(*one.port)
		for err == nil && used[got] && *one.port == 0 {
			got, err = FreePort(0)
		}
		if err != nil {
			return Ports{}, fmt.Errorf("%w; %s names another, %s=0 any that is free", err, one.variable, one.variable)
		}
		if used[got] {
			return Ports{}, fmt.Errorf("%s is %d, and so is another: sites, pages and mail need three different ports", one.variable, got)
		}
		*one.port, used[got] = got, true
	}
	return p, nil
}
