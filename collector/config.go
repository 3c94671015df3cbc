package collector

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/weirflow/weir/collector/message"
)

// Config is the collectors section of the configuration.
//
// The four lists name endpoints (see ParseEndpoint). Every UDP endpoint accepts
// every protocol unless its URL says only=…; which list an endpoint is in gives
// its default port and nothing else. TCP and TLS endpoints accept all but sFlow. An
// endpoint that is in several lists is
// opened once, and its only= options add up.
type Config struct {
	// NetFlow5 is where NetFlow v5 is expected; port 2055 unless named.
	// Default: udp://:2055.
	NetFlow5 []string `yaml:"netflow5" mapstructure:"netflow5"`
	// NetFlow9 is where NetFlow v9 is expected; port 9995 unless named.
	// Default: udp://:9995.
	NetFlow9 []string `yaml:"netflow9" mapstructure:"netflow9"`
	// IPFIX is where IPFIX is expected; port 4739 unless named, 4740 for TLS.
	// Default: udp://:4739 and tcp://:4739, and tls://:4740 as well once TLS
	// has a certificate and a key.
	IPFIX []string `yaml:"ipfix" mapstructure:"ipfix"`
	// SFlow is where sFlow v5 is expected; port 6343 unless named.
	// Default: udp://:6343.
	SFlow []string `yaml:"sflow" mapstructure:"sflow"`

	// Workers is how many sockets each UDP endpoint has, each with a reader and
	// a decoder, and how many stream messages are decoded at the same time.
	// 1 to 256. Default: 2, or 1 on a machine with one CPU.
	Workers int `yaml:"workers" mapstructure:"workers"`
	// ReceiveBuffer is the kernel's receive buffer to ask for, in bytes for
	// each UDP socket. The kernel may grant less: see net.core.rmem_max.
	// Default: 16 MiB.
	ReceiveBuffer int `yaml:"receive_buffer" mapstructure:"receive_buffer"`
	// Queue is how many bytes of datagrams each UDP worker may hold between
	// receiving and decoding, in bytes; at least 512 KiB. Default: 4 MiB.
	Queue int `yaml:"queue" mapstructure:"queue"`

	// TLS is the certificate of tls:// endpoints.
	TLS TLSConfig `yaml:"tls" mapstructure:"tls"`
	// MaxConnections is how many stream connections may be open at the same
	// time, over all endpoints. Each costs about 64 KiB. Default: 1024.
	MaxConnections int `yaml:"max_connections" mapstructure:"max_connections"`
	// IdleTimeout is how long a stream connection may take until its next
	// message is complete; then it is closed. Default: 30 minutes.
	IdleTimeout time.Duration `yaml:"idle_timeout" mapstructure:"idle_timeout"`
	// HandshakeTimeout is how long a TLS handshake may take. Default: 10 seconds.
	HandshakeTimeout time.Duration `yaml:"handshake_timeout" mapstructure:"handshake_timeout"`

	// MaxExporters is how many exporters have metrics of their own; further
	// ones are summed up as "other". Default: 1000.
	MaxExporters int `yaml:"max_exporters" mapstructure:"max_exporters"`
}

// TLSConfig names the files of the collector's own certificate. They are read
// again when they change. TLS 1.2 is the oldest version accepted.
type TLSConfig struct {
	// Cert is a PEM file with the certificate and its chain. Default: none.
	Cert string `yaml:"cert" mapstructure:"cert"`
	// Key is a PEM file with the certificate's private key. Default: none.
	Key string `yaml:"key" mapstructure:"key"`
}

var defaultIPFIX = []string{"udp://:4739", "tcp://:4739"}

// DefaultConfig listens where routers send by default, on every address.
func DefaultConfig() Config {
	return Config{
		NetFlow5:         []string{"udp://:2055"},
		NetFlow9:         []string{"udp://:9995"},
		IPFIX:            slices.Clone(defaultIPFIX),
		SFlow:            []string{"udp://:6343"},
		Workers:          min(2, runtime.NumCPU()),
		ReceiveBuffer:    16 << 20,
		Queue:            4 << 20,
		MaxConnections:   1024,
		IdleTimeout:      30 * time.Minute,
		HandshakeTimeout: 10 * time.Second,
		MaxExporters:     1000,
	}
}

// Validate reports every fault of the configuration, each with its key, without
// touching files or sockets.
func (c Config) Validate() error {
	_, err := c.plan()
	return errors.Join(err, c.validateLimits())
}

func (c Config) validateLimits() error {
	var errs []error
	within := func(key string, value, low, high int) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("collectors.%s: %d is out of range; allowed: %d to %d", key, value, low, high))
		}
	}
	within("workers", c.Workers, 1, 256)
	within("receive_buffer", c.ReceiveBuffer, 4096, 1<<30)
	within("queue", c.Queue, minChunks*chunkBytes, 1<<30)
	within("max_connections", c.MaxConnections, 1, 1<<20)
	within("max_exporters", c.MaxExporters, 1, 1<<20)
	duration := func(key string, value, low, high time.Duration) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("collectors.%s: %v is out of range; allowed: %v to %v", key, value, low, high))
		}
	}
	duration("idle_timeout", c.IdleTimeout, time.Second, 7*24*time.Hour)
	duration("handshake_timeout", c.HandshakeTimeout, 100*time.Millisecond, 10*time.Minute)
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		errs = append(errs, errors.New("collectors.tls: cert and key belong together, only one of them is set"))
	}
	return errors.Join(errs...)
}

// lists gives the four lists with what their endpoints have by default.
func (c Config) lists() []endpointList {
	ipfix := c.IPFIX
	if c.hasCertificate() && slices.Equal(ipfix, defaultIPFIX) {
		ipfix = append(slices.Clone(ipfix), "tls://:4740")
	}
	return []endpointList{
		{message.NetFlow5, 2055, c.NetFlow5},
		{message.NetFlow9, 9995, c.NetFlow9},
		{message.IPFIX, 4739, ipfix},
		{message.SFlow5, 6343, c.SFlow},
	}
}

func (c Config) hasCertificate() bool { return c.TLS.Cert != "" && c.TLS.Key != "" }
