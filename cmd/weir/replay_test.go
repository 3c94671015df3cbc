package main

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/replay"
)

// TestReplayReason: when datagrams cannot be sent, the reason is told.
func TestReplayReason(t *testing.T) {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := socket.LocalAddr().String()
	if err := socket.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := replay.DefaultConfig()
	cfg.Files = []string{filepath.Join(testdata, "exports", "softflowd-v5.pcap")}
	cfg.To = []string{"udp://" + closed}
	err = runReplay(t.Context(), cfg, newBar(io.Discard, "datagrams", time.Now), false, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "could not be sent; the first: ") || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}
