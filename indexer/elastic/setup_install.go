package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// look reads the objects of a kind that are there.
func (in *installer) look(ctx context.Context, k *kind, want []*wanted) error {
	all := make(map[string]existing)
	delete(in.found, k)
	read := func(path, name string) error {
		text, found, err := in.get(ctx, path)
		if err != nil || !found {
			return err
		}
		some, err := k.parse(text, name)
		if err != nil {
			return fmt.Errorf("the answer to GET %s is not readable: %w", path, err)
		}
		for name, e := range some {
			all[name] = e
		}
		return nil
	}
	if k.list != "" {
		if err := read(fmt.Sprintf(k.list, in.config.Namespace), ""); err != nil {
			return in.lookFailed(k, err)
		}
		want = nil
	}
	for _, w := range want {
		if err := read(w.path(), w.name); err != nil {
			return in.lookFailed(k, err)
		}
	}
	in.found[k] = all
	return nil
}

// errSeen means that the kind's objects cannot be read, which is in the report.
var errSeen = errors.New("reported already")

func (in *installer) lookFailed(k *kind, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errUnsupported) {
		in.report.Add(k.name, "", Skipped, k.absent)
		return errSeen
	}
	if err := in.failed(k.name, "", err); err != nil {
		return err
	}
	if in.fatal == nil && (k == kindComponent || k == kindTemplate) {
		in.fatal = fmt.Errorf("%s: %w", k.name, err)
	}
	return errSeen
}

// install makes the objects of a kind what they should be.
func (in *installer) install(ctx context.Context, k *kind, want []*wanted) error {
	if len(want) == 0 {
		return nil
	}
	if in.found[k] == nil { // component templates have been looked at for the memory
		if err := in.look(ctx, k, want); errors.Is(err, errSeen) {
			return nil
		} else if err != nil {
			return err
		}
	}
	before, changed := in.found[k], false
	if before == nil { // what is there is not known, and must not be replaced
		return nil
	}
	for _, w := range want {
		e, there := before[w.name]
		outcome, detail := in.decide(w, e, there)
		if outcome == Created || outcome == Updated {
			if _, err := in.change(ctx, http.MethodPut, w.path()+e.query, w.stamped()); err != nil {
				if in.fatal == nil && (k == kindComponent || k == kindTemplate) {
					in.fatal = fmt.Errorf("%s %s: %s", k.name, w.name, advice(err))
				}
				outcome = Failed
				if err := in.failed(k.name, w.name, err); err != nil {
					return err
				}
			}
			changed = true
		}
		in.outcomes[w.path()] = outcome
		if outcome != Failed {
			in.report.Add(k.name, w.name, outcome, detail)
		}
	}
	if !changed || in.options.DryRun {
		return nil
	}
	return in.readBack(ctx, k, want)
}

// readBack looks at what the server has made of the objects. Should it add
// something that canonical does not know, the form as read is remembered.
func (in *installer) readBack(ctx context.Context, k *kind, want []*wanted) error {
	before := in.found[k]
	err := in.look(ctx, k, want)
	after := in.found[k]
	in.found[k] = before
	if errors.Is(err, errSeen) {
		return nil
	}
	for _, w := range want {
		if o := in.outcomes[w.path()]; o != Created && o != Updated {
			continue
		}
		delete(in.memory.Objects, w.path())
		if hash := k.hash(after[w.name].body); hash != w.hash {
			in.memory.Objects[w.path()] = hash
		}
	}
	return err
}

// decide says what to do about an object. It replaces what Weir wrote itself and
// nobody has changed.
func (in *installer) decide(w *wanted, e existing, there bool) (Outcome, string) {
	if !there {
		return Created, ""
	}
	hash, m := w.kind.hash(e.body), w.kind.mark(e.body)
	remembered := in.memory.Objects[w.path()]
	if hash == w.hash || m.hash == w.hash && hash == remembered {
		return Unchanged, ""
	}
	older := ""
	if m.ours && m.version < templateVersion {
		older = fmt.Sprintf("from version %d", m.version)
	}
	switch {
	case in.options.Overwrite:
		return Updated, "overwritten"
	case !m.ours:
		return Kept, "it is not Weir's; --overwrite replaces it"
	case m.version > templateVersion:
		return Kept, fmt.Sprintf("a newer Weir made it (version %d, this one makes %d); --overwrite replaces it", m.version, templateVersion)
	case m.hash == "" && (m.version < legacyVersion || legacyHashes[legacyHash(w.kind, e.body)]):
		return Updated, older
	case m.hash != "" && (hash == m.hash || hash == remembered):
		return Updated, older
	}
	return Kept, "somebody has changed it; --overwrite replaces it"
}
