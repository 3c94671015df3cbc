package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// Dependencies are what New needs.
type Dependencies struct {
	// Logger takes what an operator should know.
	Logger *slog.Logger
	// Registerer takes the metrics weir_local_*.
	Registerer prometheus.Registerer
}

// Store is the folder that this process writes to. Its methods may be called by
// many goroutines.
type Store struct {
	cfg     Config
	log     *slog.Logger
	quiet   *rate.Limiter // of log lines that a full disk or the like could repeat
	metrics *metrics
	lock    *os.File

	mu       sync.Mutex
	open     bool
	logs     []*logFile // oldest first; the last one is appended to
	parts    []*part    // by time
	unread   []entry    // listed, but they cannot be read at present
	nextLog  uint64
	spare    *column.Table // for the next log
	pending  int           // bytes that wait for the disk, in all logs
	room     chan struct{} // closed when there may be room again
	writeErr error         // of the last write to the log, nil when it worked
	flushErr error         // of the last flush
	problems []Problem

	asideFiles int // in the folder of damaged files
	asideBytes int64

	keeping    sync.Mutex // held while segments are merged, deleted or set aside
	manifestMu sync.Mutex // held while the manifest is written
	manifest   manifest
	orphans    []uint64 // segments that the next manifest lists as being deleted

	wakeCommit, wakeFlush, wakeKeep chan struct{}
	damages                         chan damage
	stop                            context.Context // ends what runs in the background
	cancel                          context.CancelFunc
	committer, others               sync.WaitGroup
}

// part is a segment that counts.
type part struct {
	entry
	segment *segment.Segment
	// users counts snapshots and the store's own work; gone is set when the store
	// has given the segment up. The last user of such a one closes it. All are
	// guarded by Store.mu.
	users   int
	gone    bool
	damaged bool // it is about to be set aside
}

// New makes a store; Start opens its folder. An error names the wrong values.
func New(c Config, d Dependencies) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Store{cfg: c, log: d.Logger.With("store", c.Path), quiet: rate.NewLimiter(rate.Every(10*time.Second), 3), room: make(chan struct{}),
		wakeCommit: make(chan struct{}, 1), wakeFlush: make(chan struct{}, 1), wakeKeep: make(chan struct{}, 1), damages: make(chan damage, 16)}
	var err error
	s.metrics, err = newMetrics(d.Registerer, s)
	return s, err
}

// Start takes the folder, making it when it is missing, recovers what a crash or
// damage has left, and begins the work in the background. Damage is no error; an
// error tells that the folder cannot be used, such as ErrInUse.
func (s *Store) Start(ctx context.Context) error {
	if err := os.MkdirAll(s.cfg.Path, 0o750); err != nil {
		return err
	}
	l, err := lock(s.cfg.Path)
	if err != nil {
		return err
	}
	s.lock = l
	begin := time.Now()
	if err := s.recover(ctx); err != nil {
		s.closeParts()
		return errors.Join(fmt.Errorf("open the store %s: %w", s.cfg.Path, err), l.Close())
	}
	s.mu.Lock()
	s.open = true
	s.logs = append(s.logs, s.newLog())
	s.log.Info("the store is open", "segments", len(s.parts), "rows", s.rows(), "took", time.Since(begin).Round(time.Millisecond))
	s.mu.Unlock()

	if n := s.countAside(); n > 0 {
		s.log.Warn("damaged files are set aside; delete them, or keep them for a repair", "folder", filepath.Join(s.cfg.Path, damagedName), "files", n)
	}
	s.reserve()
	s.stop, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.committer.Go(s.commitLoop)
	s.others.Go(s.flushLoop)
	s.others.Go(s.keepLoop)
	if s.cfg.ScrubBytes > 0 {
		s.others.Go(s.scrubLoop)
	}
	signal(s.wakeFlush)
	return nil
}

// Close has the disk take what was appended, turns the log into a segment as
// long as ctx lasts, and frees the folder. Snapshots must be released before.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.open {
		s.mu.Unlock()
		return nil
	}
	s.open = false
	s.seal()
	s.mu.Unlock()
	s.wakeWaiting()

	s.cancel()
	s.committer.Wait()
	s.others.Wait()
	s.commitAll()
	err := s.flushAll(ctx)
	s.mu.Lock()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = nil // the log stays, and becomes a segment at the next start
	}
	for _, l := range s.logs {
		if l.writer != nil {
			err = errors.Join(err, l.writer.Close())
		}
	}
	s.mu.Unlock()
	s.closeParts()
	return errors.Join(err, s.lock.Close())
}

func (s *Store) closeParts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		s.drop(p)
	}
	s.parts = nil
}

// drop gives a part up; s.mu is held.
func (s *Store) drop(p *part) {
	p.gone = true
	if p.users == 0 {
		_ = p.segment.Close() // it was only read
	}
}

// use counts a user of a part, which unuse ends; s.mu is held.
func use(p *part) *part {
	p.users++
	return p
}

func (s *Store) unuse(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	if p.gone && p.users == 0 {
		_ = p.segment.Close()
	}
}

// rows counts what is stored; s.mu is held.
func (s *Store) rows() (n int64) {
	for _, p := range s.parts {
		n += p.Rows
	}
	for _, l := range s.logs {
		n += int64(l.rows)
	}
	return n
}

// wakeWaiting tells those that wait in Append to look again.
func (s *Store) wakeWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.room)
	s.room = make(chan struct{})
}

// update changes the manifest, on the disk first.
func (s *Store) update(change func(m *manifest)) error {
	s.manifestMu.Lock()
	defer s.manifestMu.Unlock()
	m := s.manifest
	m.Segments = append([]entry(nil), m.Segments...)
	m.Removing = s.stillThere(append(m.Removing[:len(m.Removing):len(m.Removing)], s.orphans...))
	m.Undecided = s.stillThere(m.Undecided)
	change(&m)
	sortEntries(m.Segments)
	m.Version = manifestVersion
	m.Generation++
	// A write that fails may have replaced the file before it did: readers tell
	// manifests apart by this number, so it is not used again.
	s.manifest.Generation = m.Generation
	err := writeManifest(s.cfg.Path, &m)
	if isFull(err) && os.Remove(filepath.Join(s.cfg.Path, reserveName)) == nil {
		err = writeManifest(s.cfg.Path, &m)
	}
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	s.manifest, s.orphans = m, nil
	return nil
}

// orphan has a segment deleted at the next start whose manifest could not be
// written, unless that is on the disk after all and nothing came behind it.
// Without that it would be taken in once the segments that it replaces are gone.
func (s *Store) orphan(p *part) {
	_ = p.segment.Close() // it was only read
	s.manifestMu.Lock()
	defer s.manifestMu.Unlock()
	s.orphans = append(s.orphans, p.ID)
}

// nextID takes a number for a segment. One that is not used in the end is lost.
func (s *Store) nextID() uint64 {
	s.manifestMu.Lock()
	defer s.manifestMu.Unlock()
	s.manifest.Next++
	return s.manifest.Next - 1
}

// signal wakes a loop; one signal that waits is enough.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
