package webhook

import (
	"fmt"
	"net/netip"
	"syscall"
)

// guard looks at the address that a name was resolved to, at the moment it is
// dialled: what the name led to before does not count.
type guard struct{ loopback bool }

// control is a [net.Dialer]'s: it fails for every address that is not a public one.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("dialling %s: no address to judge", network)
	}
	if !g.allows(at.Addr()) {
		return fmt.Errorf("dialling: the address is not a public one")
	}
	return nil
}

func (g guard) allows(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return g.loopback
	}
	for _, p := range elsewhere {
		if p.Contains(ip) {
			return false
		}
	}
	return ip.Is4() || unicast.Contains(ip)
}

// unicast is all of IPv6 that is given out for public use.
var unicast = netip.MustParsePrefix("2000::/3")

// elsewhere are the addresses that are not, or not surely, somebody's public
// server (IANA's special-purpose registries), those among them that carry an
// address of IPv4 inside.
var elsewhere = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}
