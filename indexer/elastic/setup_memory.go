package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
)

// memory is what Weir remembers about a namespace: in the _meta of a component
// template of its own that no index uses, weir-setup-NAMESPACE. That is a place
// that both products have, that needs no right that the templates do not need,
// and that is in the cluster itself, so that it does not matter from where setup
// runs.
type memory struct {
	// Objects are hashes of canonical forms as the server gave them, by path: of
	// those objects only to which the server adds something that this version of
	// Weir does not know.
	Objects map[string]string `json:"objects,omitempty"`
	// Notes are kept for others, by their names.
	Notes map[string]json.RawMessage `json:"notes,omitempty"`
}

func (in *installer) memoryName() string { return "weir-setup-" + in.config.Namespace }

// recall looks at the component templates, and reads the memory that is among
// them.
func (in *installer) recall(ctx context.Context) error {
	if err := in.look(ctx, kindComponent, nil); err != nil && !errors.Is(err, errSeen) {
		return err
	}
	in.memory = memory{}
	raw := inner(in.found[kindComponent][in.memoryName()].body, "_meta")["memory"]
	if text, err := json.Marshal(raw); err == nil && raw != nil {
		_ = json.Unmarshal(text, &in.memory) // else somebody has changed it, and nothing is remembered
	}
	if in.memory.Objects == nil {
		in.memory.Objects = make(map[string]string)
	}
	in.recalled = jsonForm(in.memory)
	return nil
}

// remember writes the memory unless it is there already.
func (in *installer) remember(ctx context.Context) error {
	if in.options.DryRun || reflect.DeepEqual(jsonForm(in.memory), in.recalled) {
		return nil
	}
	body := object{
		"template": object{},
		"_meta":    object{"managed_by": managedBy, "description": "What Weir's setup remembers. No index uses it.", "memory": in.memory},
	}
	if _, err := in.change(ctx, http.MethodPut, kindComponent.path+in.memoryName(), body); err != nil {
		return in.failed("memory", in.memoryName(), fmt.Errorf("what was done cannot be remembered: %w", err))
	}
	return nil
}

// jsonForm is a value as JSON reads it, for comparisons.
func jsonForm(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var form any
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	return form
}
