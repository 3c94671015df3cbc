package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// maxFile bounds what is unpacked for one file, in bytes.
const maxFile = 1 << 30

// fetch has npm bring the newest version of a package and unpacks the wanted
// files into folder. It gives the version.
func fetch(ctx context.Context, pack, folder string, wanted map[string]string) (version string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm was not found: install Node.js with npm (Debian: apt-get install npm), " +
			"or put .mmdb files of your own into the folder")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--pack-destination", folder, pack)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack failed (can npm reach its registry?): %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("npm pack left %d archives, want 1", len(archives))
	}
	f, err := os.Open(archives[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	if version, err = unpack(f, folder, wanted); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(archives[0]), err)
	}
	return version, os.Remove(archives[0])
}

// unpack writes the wanted files of a package archive into folder.
func unpack(archive io.Reader, folder string, wanted map[string]string) (version string, err error) {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return "", err
	}
	left := len(wanted)
	entries := tar.NewReader(unzipped)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		name := path.Base(header.Name)
		if header.Name == "package/package.json" {
			var manifest struct{ Version string }
			if err := json.NewDecoder(io.LimitReader(entries, 1<<20)).Decode(&manifest); err != nil {
				return "", fmt.Errorf("package.json: %w", err)
			}
			version = manifest.Version
		}
		if _, ok := wanted[name]; !ok || header.Name != "package/"+name {
			continue
		}
		if header.Size > maxFile {
			return "", fmt.Errorf("%s is %d bytes, want at most %d", name, header.Size, maxFile)
		}
		if err := save(filepath.Join(folder, name), entries); err != nil {
			return "", err
		}
		left--
	}
	if left != 0 {
		return "", fmt.Errorf("%d of %d wanted files are missing from the package: its layout has changed", left, len(wanted))
	}
	return version, nil
}

func save(path string, content io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// replace has write make a new file beside path and then puts it in its place.
func replace(path string, write func(temporary string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := write(f.Name()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
