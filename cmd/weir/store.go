package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

// openStore is a snapshot of a store's folder. It needs no lock: a running weir
// may write to the folder meanwhile.
type openStore struct {
	dir      string
	snapshot *local.ReaderSnapshot
}

// load reads the configuration.
func (s *selection) load() (*config.Loaded, error) {
	file := cmp.Or(s.config, os.Getenv("WEIR_CONFIG"))
	return config.Load(config.Options{File: file, Search: configFolders, Environ: os.Environ()})
}

// open opens the store that --data or the configuration names, and tells what is
// damaged in it.
func (s *selection) open(ctx context.Context, errOut io.Writer) (*openStore, error) {
	dir := s.data
	if dir == "" {
		loaded, err := s.load()
		if err != nil {
			return nil, err
		}
		dir = loaded.StorePath()
	}
	reader, err := local.OpenReader(dir)
	if err == nil {
		var x *local.ReaderSnapshot
		if x, err = reader.Snapshot(ctx); err == nil {
			for _, p := range x.Problems {
				fmt.Fprintln(errOut, "weir: warning:", present.Clean(p))
			}
			return &openStore{dir, x}, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no store in %s (%w); run weir first, or name another folder with --data", dir, err)
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%s is no folder; a store is a folder, by default data/flows: name it with --data", dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the store in %s cannot be read: %w; run this as the user that weir runs as, or as one of its group", dir, err)
	}
	return nil, err
}

func (s *openStore) close() { s.snapshot.Release() }

func (s *openStore) blocks() []column.Block { return s.snapshot.Blocks() }

// damaged reports whether something of the store could not be read.
func (s *openStore) damaged() bool { return len(s.snapshot.Problems) > 0 }

// Query answers a request from the snapshot.
func (s *openStore) Query(ctx context.Context, r query.Request) (*query.Answer, error) {
	return engine.Run(ctx, s.blocks(), r)
}
