package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/cmd/weir/internal/transfer"
	"github.com/weirflow/weir/indexer/query"
)

// place is where an export goes.
type place struct {
	// path is the file, links followed; empty for the standard output.
	path string
	// direct has the file written as it is: what is no regular file, such as a
	// device or a pipe, must never be replaced by one.
	direct bool
	// mode is that of the file that is replaced, 0 when there is none.
	mode fs.FileMode
}

// placeOf looks at what --out names, before any work is done.
func placeOf(name string) (place, error) {
	if name == "" {
		return place{}, nil
	}
	path, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(name); err == nil {
			return place{}, fmt.Errorf("--out: %s is a link to nothing; remove it, or name another file", name)
		}
		path = name
	} else if err != nil {
		return place{}, fmt.Errorf("--out: %w", err)
	}
	about, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return place{}, fmt.Errorf("--out: %s cannot be made: %w", name, err)
		}
		if !folder.IsDir() {
			return place{}, fmt.Errorf("--out: %s cannot be made: %s is no folder", name, filepath.Dir(path))
		}
		return place{path: path}, nil
	case err != nil:
		return place{}, fmt.Errorf("--out: %w", err)
	case about.IsDir():
		return place{}, fmt.Errorf("--out: %s is a folder; name a file in it", name)
	case !about.Mode().IsRegular():
		return place{path: path, direct: true}, nil
	}
	return place{path: path, mode: about.Mode().Perm()}, nil
}

// write exports to the file, or to out without one.
func (o *exportOptions) write(ctx context.Context, source transfer.Source, r query.Request, at place, out io.Writer) (transfer.Result, error) {
	switch {
	case at.path == "":
		return source.Export(ctx, r, o.format, o.fields, out)
	case at.direct:
		// Without O_CREATE, as it must be there, and with nothing to cut off.
		return o.into(ctx, source, r, at.path, os.O_WRONLY)
	}
	result, err := o.replace(ctx, source, r, at)
	var path *fs.PathError
	if errors.As(err, &path) { // of the temporary file, whose name says nothing
		err = fmt.Errorf("--out: %s cannot be written: %w", o.out, path.Err)
	}
	return result, err
}

// replace exports to a file beside the one that is meant, and then puts it in its
// place.
func (o *exportOptions) replace(ctx context.Context, source transfer.Source, r query.Request, at place) (result transfer.Result, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(at.path), "."+filepath.Base(at.path)+".")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "part")
	if o.format == "parquet" {
		result, err = source.ParquetFile(ctx, r, path)
	} else {
		result, err = o.into(ctx, source, r, path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	}
	if err != nil {
		return result, err
	}
	if at.mode != 0 {
		if err := os.Chmod(path, at.mode); err != nil {
			return result, err
		}
	}
	return result, os.Rename(path, at.path)
}

// into exports into a file.
func (o *exportOptions) into(ctx context.Context, source transfer.Source, r query.Request, path string, flags int) (result transfer.Result, err error) {
	f, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return result, err
	}
	result, err = source.Export(ctx, r, o.format, o.fields, f)
	return result, errors.Join(err, f.Close())
}
