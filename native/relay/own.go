package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// ErrOwnAddress says that the upstream is the relay itself.
var ErrOwnAddress = errors.New("relay: the upstream is the relay itself")

// dialTimeout bounds the making of a TCP connection.
const dialTimeout = 20 * time.Second

// newClient returns an HTTP client that refuses to connect to own. The addresses
// are compared as the system is about to connect, after all names were resolved, so
// no name and no change of one gets around it.
func newClient(own net.Addr) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	dialer := &net.Dialer{Timeout: dialTimeout}
	if own != nil {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			remote, err := netip.ParseAddrPort(address)
			if err == nil && reaches(remote, own) {
				return ErrOwnAddress
			}
			return nil
		}
	}
	t.DialContext = dialer.DialContext
	return &http.Client{Transport: t}
}

// CheckUpstream returns ErrOwnAddress if one of the addresses that the upstream's
// name stands for is own. A name that cannot be resolved now is no error: it may be
// later, and each attempt to connect looks again.
func CheckUpstream(ctx context.Context, upstream string, own net.Addr) error {
	u, err := url.Parse(upstream)
	if err != nil {
		return fmt.Errorf("relay: the upstream's address: %w", errors.Unwrap(err))
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return fmt.Errorf("relay: the upstream's port: %w", err)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if reaches(netip.AddrPortFrom(a, uint16(number)), own) {
			return ErrOwnAddress
		}
	}
	return nil
}

// reaches reports whether who connects to remote comes to what listens at own. A
// listener on all addresses is reached at each of this machine's.
func reaches(remote netip.AddrPort, own net.Addr) bool {
	listener, ok := own.(*net.TCPAddr)
	if !ok || int(remote.Port()) != listener.Port {
		return false
	}
	ip := remote.Addr().Unmap().WithZone("")
	if !listener.IP.IsUnspecified() && listener.IP != nil {
		at, ok := netip.AddrFromSlice(listener.IP)
		// The unspecified address is connected to as loopback.
		return ok && (at.Unmap() == ip || ip.IsUnspecified() && at.Unmap().IsLoopback())
	}
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range interfaces {
		if n, ok := a.(*net.IPNet); ok {
			if at, ok := netip.AddrFromSlice(n.IP); ok && at.Unmap() == ip {
				return true
			}
		}
	}
	return false
}
