package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed java/*.java maven/*.xml
var sources embed.FS

// install collects the version's jars and compiles the launcher, unless an
// earlier start has done so.
func (s *server) install(ctx context.Context, jdk string) error {
	done := filepath.Join(s.kit, "complete")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := os.RemoveAll(s.kit); err != nil {
		return err
	}
	for _, folder := range []string{"lib", "classes", "source"} {
		if err := os.MkdirAll(filepath.Join(s.kit, folder), 0o755); err != nil {
			return err
		}
	}
	if err := s.collectJars(ctx); err != nil {
		return err
	}
	if err := s.compile(ctx, jdk, s.launcher, "classes"); err != nil {
		return err
	}
	if s.kind == elasticsearch {
		if err := s.installModules(ctx, jdk); err != nil {
			return err
		}
		if err := s.installNative(ctx); err != nil {
			return err
		}
	}
	return os.WriteFile(done, nil, 0o644)
}

func (s *server) collectJars(ctx context.Context) error {
	if _, err := exec.LookPath("mvn"); err != nil {
		return errors.New("needs mvn (Apache Maven) to get the server's jars; install the package maven")
	}
	pom, err := s.source("maven/" + s.kind + ".xml")
	if err != nil {
		return err
	}
	return command(ctx, "mvn", "--quiet", "--batch-mode", "--file", pom, "-Dserver.version="+s.version,
		"dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(s.kit, "lib"))
}

// source copies an embedded file into the kit and gives its path.
func (s *server) source(name string) (string, error) {
	text, err := sources.ReadFile(name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.kit, "source", filepath.Base(name))
	return path, os.WriteFile(path, text, 0o644)
}

func (s *server) compile(ctx context.Context, jdk, class, into string) error {
	source, err := s.source("java/" + class + ".java")
	if err != nil {
		return err
	}
	oldest, _ := s.javaRange() // a later start may find another JDK
	return command(ctx, filepath.Join(jdk, "bin", "javac"), "-nowarn", "--release", strconv.Itoa(oldest), "-d", filepath.Join(s.kit, into),
		"-cp", filepath.Join(s.kit, "lib", "*"), source)
}

// installModules makes the folder of modules that Elasticsearch loads, each with
// a class loader of its own: the HTTP transport and the answer to GET /.
func (s *server) installModules(ctx context.Context, jdk string) error {
	transport := filepath.Join(s.kit, "modules", "transport-netty4")
	root := filepath.Join(s.kit, "modules", "root-endpoint")
	classes := filepath.Join(s.kit, "root-endpoint")
	for _, folder := range []string{transport, root, classes} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := s.compile(ctx, jdk, "RootEndpoint", "root-endpoint"); err != nil {
		return err
	}
	if err := command(ctx, filepath.Join(jdk, "bin", "jar"), "--create", "--file", filepath.Join(root, "root-endpoint.jar"), "-C", classes, "."); err != nil {
		return err
	}
	for _, pattern := range []string{"netty-*.jar", "transport-netty4-*.jar"} {
		jars, _ := filepath.Glob(filepath.Join(s.kit, "lib", pattern)) // only a bad pattern is an error
		for _, jar := range jars {
			if err := os.Rename(jar, filepath.Join(transport, filepath.Base(jar))); err != nil {
				return err
			}
		}
	}
	if err := s.describe(transport, "org.elasticsearch.transport.netty4.Netty4Plugin", "org.elasticsearch.transport.netty4"); err != nil {
		return err
	}
	return s.describe(root, "RootEndpoint", "")
}

// describe writes the descriptor that Elasticsearch wants beside a module's jars.
func (s *server) describe(folder, class, module string) error {
	name := filepath.Base(folder)
	lines := []string{
		"name=" + name, "description=" + name, "classname=" + class,
		"version=" + s.version, "elasticsearch.version=" + s.version, "java.version=17",
	}
	if module != "" {
		lines = append(lines, "modulename="+module)
	}
	return os.WriteFile(filepath.Join(folder, "plugin-descriptor.properties"), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// installNative makes the folder of native libraries. Elasticsearch compresses
// with zstd, for which the system's library serves, and asks a library that is
// not published what vector instructions the processor has: none, says ours.
func (s *server) installNative(ctx context.Context) error {
	folder := filepath.Join(s.kit, "native")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	zstd, err := findLibrary("libzstd.so.1")
	if err != nil {
		return err
	}
	if err := os.Symlink(zstd, filepath.Join(folder, "libzstd.so")); err != nil {
		return err
	}
	if _, err := exec.LookPath("cc"); err != nil {
		return errors.New("needs cc (a C compiler) for a stand-in of Elasticsearch's vector library; install the package gcc")
	}
	source := filepath.Join(s.kit, "source", "vec.c")
	if err := os.WriteFile(source, []byte("int vec_caps(void) { return 0; }\n"), 0o644); err != nil {
		return err
	}
	return command(ctx, "cc", "-shared", "-fPIC", "-o", filepath.Join(folder, "libvec.so"), source)
}

func findLibrary(name string) (string, error) {
	for _, pattern := range []string{"/lib/*-linux-gnu/", "/usr/lib/*-linux-gnu/", "/lib64/", "/usr/lib64/", "/usr/lib/"} {
		if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("needs %s, with which Elasticsearch compresses; install the package libzstd1", name)
}

// command runs a program and gives the end of its output when it fails.
func command(ctx context.Context, name string, arguments ...string) error {
	output, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w; its output ends:\n%s", filepath.Base(name), err, lastLines(string(output), 15))
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
