package local

import (
	"net"
	"strconv"
	"testing"
)

func TestATakenPortIsNotUsed(t *testing.T) {
	desk := openDesk(t)
	taken := portOf(t, desk.SMTP)
	free, err := FreePort(taken)
	if err != nil || free == taken {
		t.Errorf("got %d, %v, want another port than %d", free, err, taken)
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
