package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands before a real server, and can be down where the server cannot.
type proxy struct {
	t       *testing.T
	address string // its own, host:port
	server  string

	mu       sync.Mutex
	listener net.Listener // nil while it is down
	conns    map[net.Conn]bool
	// swallow has it hand requests on and cut the connection instead of
	// answering, so that nobody knows what became of them.
	swallow bool
	// swallowed counts the answers that were kept back.
	swallowed int
}

// newProxy gives a proxy that is down: connections are refused.
func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, address: free.Addr().String(), server: server, conns: map[net.Conn]bool{}}
	t.Cleanup(p.down)
	return p
}

// up has it take connections, and answer.
func (p *proxy) up() {
	p.t.Helper()
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listener, p.swallow = l, false
	p.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
}

// down cuts all connections and has new ones refused.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) keepAnswers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow = true
}

func (p *proxy) kept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swallowed
}

// serve copies both ways until one end is closed.
func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	if p.listener == nil { // went down meanwhile
		_ = client.Close()
	}
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(answers{p, client}, server)
	_ = client.Close()
	_ = server.Close()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// answers is the way back to a client.
type answers struct {
	p      *proxy
	client net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.p.mu.Lock()
	swallow := a.p.swallow
	if swallow {
		a.p.swallowed++
	}
	a.p.mu.Unlock()
	if swallow {
		return 0, io.ErrClosedPipe
	}
	return a.client.Write(b)
}
