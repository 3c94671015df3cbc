package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// jvmFolder is where Debian and Fedora install JDKs.
const jvmFolder = "/usr/lib/jvm"

// findJDK gives the home of a JDK that runs the version.
func (s *server) findJDK() (string, error) {
	oldest, newest := s.javaRange()
	return findJDK(oldest, newest, s.getenv, jvmFolder)
}

// findJDK gives the home of the oldest JDK from oldest to newest among
// JAVA_HOME, the java in PATH and the folders in jvms.
func findJDK(oldest, newest int, getenv func(string) string, jvms string) (string, error) {
	var homes []string
	if home := getenv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	if java, err := exec.LookPath("java"); err == nil {
		if real, err := filepath.EvalSymlinks(java); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	installed, _ := filepath.Glob(filepath.Join(jvms, "*")) // only a bad pattern is an error
	homes = append(homes, installed...)

	best, bestRelease := "", 0
	var seen []string
	for _, home := range homes {
		release, ok := javaRelease(home)
		if !ok {
			continue
		}
		seen = append(seen, fmt.Sprintf("%s is %d", home, release))
		if release >= oldest && release <= newest && (best == "" || release < bestRelease) {
			best, bestRelease = home, release
		}
	}
	if best != "" {
		return best, nil
	}
	want := fmt.Sprintf("%d to %d", oldest, newest)
	if newest > 1000 {
		want = fmt.Sprintf("%d or later", oldest)
	}
	found := "no JDK was found"
	if len(seen) > 0 {
		found = "found: " + strings.Join(seen, ", ")
	}
	return "", fmt.Errorf("needs a JDK (with javac) of release %s; %s; install one, "+
		"for example the package openjdk-%d-jdk-headless or Eclipse Temurin %d, or point JAVA_HOME to it", want, found, oldest, oldest)
}

// javaRelease gives the feature release of the JDK in home. It reports false
// when there is none, or one without a compiler.
func javaRelease(home string) (int, bool) {
	if _, err := os.Stat(filepath.Join(home, "bin", "javac")); err != nil {
		return 0, false
	}
	file, err := os.Open(filepath.Join(home, "release"))
	if err != nil {
		return 0, false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		version, ok := strings.CutPrefix(lines.Text(), `JAVA_VERSION="`)
		if !ok {
			continue
		}
		end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			return 0, false
		}
		release, err := strconv.Atoi(version[:end])
		return release, err == nil
	}
	return 0, false
}
