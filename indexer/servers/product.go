package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// product is what differs between the servers: each product in its older and
// its newer major version.
type product struct {
	name     string // what the command line calls it
	kind     string // the name of the pom and of the folders
	launcher string // the Java class with main
	variable string // what the environment variables' names contain
	version  string // default
	port     int    // default, HTTP on 127.0.0.1
	// firstNewJava is the first major version that needs Java 21.
	firstNewJava int
}

var products = []product{
	{name: "elasticsearch", kind: elasticsearch, launcher: "ElasticsearchLauncher", variable: "ELASTICSEARCH", version: "8.19.0", port: 9210, firstNewJava: 9},
	{name: "elasticsearch9", kind: elasticsearch, launcher: "ElasticsearchLauncher", variable: "ELASTICSEARCH9", version: "9.2.0", port: 9211, firstNewJava: 9},
	{name: "opensearch", kind: opensearch, launcher: "OpenSearchLauncher", variable: "OPENSEARCH", version: "2.19.1", port: 9220, firstNewJava: 3},
	{name: "opensearch3", kind: opensearch, launcher: "OpenSearchLauncher", variable: "OPENSEARCH3", version: "3.3.0", port: 9221, firstNewJava: 3},
}

// The values of product.kind.
const (
	elasticsearch = "elasticsearch"
	opensearch    = "opensearch"
)

// server is one node: a product in a version on a port.
type server struct {
	product
	version string
	port    int
	kit     string // folder of jars and classes, shared by all runs of a version
	home    string // folder of the run: config, data, log, pid
	getenv  func(string) string
}

func newServer(p product, getenv func(string) string) (*server, error) {
	version := cmp.Or(getenv("WEIR_"+p.variable+"_VERSION"), p.version)
	if _, err := majorOf(version); err != nil || strings.ContainsAny(version, `/\ `) {
		return nil, fmt.Errorf("WEIR_%s_VERSION=%s is no version; want for example %s", p.variable, version, p.version)
	}
	port := p.port
	if text := getenv("WEIR_" + p.variable + "_PORT"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1024 || n > 65535 {
			return nil, fmt.Errorf("WEIR_%s_PORT=%s is no port; want 1024 to 65535", p.variable, text)
		}
		port = n
	}
	root, err := filepath.Abs(cmp.Or(getenv("WEIR_SERVERS_DIR"), filepath.Join("build", "servers")))
	if err != nil {
		return nil, err
	}
	return &server{
		product: p, version: version, port: port, getenv: getenv,
		kit:  filepath.Join(root, p.kind+"-"+version),
		home: filepath.Join(root, fmt.Sprintf("run-%s-%d", p.kind, port)),
	}, nil
}

func majorOf(version string) (int, error) {
	major, _, _ := strings.Cut(version, ".")
	return strconv.Atoi(major)
}

func (s *server) url() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

func (s *server) logFile() string { return filepath.Join(s.home, "log") }

// javaRange is the oldest and the newest Java release that runs the version.
// The older majors rely on the security manager, which Java 24 has removed.
func (s *server) javaRange() (oldest, newest int) {
	if major, _ := majorOf(s.version); major >= s.firstNewJava {
		return 21, 1 << 10
	}
	return 17, 23
}
