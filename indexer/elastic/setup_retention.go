package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// How results say that a stream of an older Weir has no retention.
const neverDeleted = "nothing deletes its old documents, which an older Weir wrote; `weir setup` puts the retention on it"

// streamRetention brings the data stream lifecycles of streams that were there
// before to the configured retention: the template's is for new streams only.
func (in *installer) streamRetention(ctx context.Context, old []planned) error {
	if len(old) == 0 {
		return nil
	}
	text, _, err := in.get(ctx, "/_data_stream/weir-*-"+in.config.Namespace+"/_lifecycle")
	if errors.Is(err, errUnsupported) {
		in.report.Add(aboutRetention, "", Skipped, "this server has no API for the lifecycle of data streams that are there already; they keep theirs")
		return nil
	} else if err != nil {
		return in.failed(aboutRetention, "", err)
	}
	var list struct {
		Streams []struct {
			Name      string  `json:"name"`
			Lifecycle *object `json:"lifecycle"`
		} `json:"data_streams"`
	}
	if text != nil {
		if err := readJSON(text, &list); err != nil {
			return in.failed(aboutRetention, "", fmt.Errorf("the list of lifecycles is not readable: %w", err))
		}
	}
	current := make(map[string]*object)
	for _, s := range list.Streams {
		current[s.Name] = s.Lifecycle
	}
	for _, s := range old {
		if in.outcomes[kindTemplate.path+s.name] == Kept {
			continue // so is its retention
		}
		want := retentionOf(streamLifecycle(s.keep))
		switch now := current[s.name]; {
		case now == nil && !in.options.Adopt:
			in.report.Add(aboutRetention, s.name, Kept, neverDeleted)
			continue
		case now == nil:
		case retentionOf(*now) == want:
			continue
		case !in.options.Overwrite && retentionOf(*now) != retentionOf(inner(in.found[kindTemplate][s.name].body, "template", "lifecycle")):
			in.report.Add(aboutRetention, s.name, Kept, fmt.Sprintf("somebody has set %s for this planned; --overwrite sets %s", forEver(retentionOf(*now)), forEver(want)))
			continue
		}
		_, err := in.change(ctx, http.MethodPut, "/_data_stream/"+s.name+"/_lifecycle", streamLifecycle(s.keep))
		if err != nil {
			if err := in.failed(aboutRetention, s.name, err); err != nil {
				return err
			}
			continue
		}
		in.report.Add(aboutRetention, s.name, Updated, forEver(want))
	}
	return nil
}

// retentionOf gives the retention in a lifecycle, empty for ever. A lifecycle that
// is switched off keeps for ever, too, but is another one.
func retentionOf(lifecycle object) string {
	if enabled, ok := lifecycle["enabled"].(bool); ok && !enabled {
		return "no lifecycle"
	}
	keep, _ := lifecycle["data_retention"].(string)
	return keep
}

func forEver(keep string) string {
	if keep == "" {
		return "for ever"
	}
	return keep
}

// ismRetention puts OpenSearch's policies on indices that were there before them,
// and has those that follow an older version of a policy follow the new one: each
// index keeps the policy as it was when it came under it.
func (in *installer) ismRetention(ctx context.Context, old []planned) error {
	if in.found[kindISM] == nil || len(old) == 0 {
		return nil
	}
	there, err := in.streams(ctx) // once more, as some may have rolled over
	if err != nil {
		return in.failed(aboutRetention, "", err)
	}
	for _, s := range old {
		outcome := in.outcomes[kindISM.path+s.name]
		if outcome == Kept || outcome == Failed {
			continue
		}
		managed, free, err := in.explain(ctx, s.name, there[s.name])
		if err != nil {
			if err := in.failed(aboutRetention, s.name, err); err != nil {
				return err
			}
			continue
		}
		if outcome == Updated && len(managed) > 0 {
			if err := in.ism(ctx, "change_policy", s.name, managed, "they follow the changed policy"); err != nil {
				return err
			}
		}
		switch {
		case len(free) > 0 && in.options.Adopt:
			err = in.ism(ctx, "add", s.name, free, "they come under the policy")
		case len(free) > 0:
			in.report.Add(aboutRetention, s.name, Kept, neverDeleted)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// explain tells which indices follow Weir's policy, and which follow none.
func (in *installer) explain(ctx context.Context, policy string, indices []string) (managed, free []string, err error) {
	text, _, err := in.get(ctx, "/_plugins/_ism/explain/"+strings.Join(indices, ","))
	if err != nil {
		return nil, nil, err
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, nil, fmt.Errorf("the explanation is not readable: %w", err)
	}
	for _, index := range indices {
		var state struct {
			Policy *string `json:"index.plugins.index_state_management.policy_id"`
		}
		if raw, ok := answer[index]; !ok || json.Unmarshal(raw, &state) != nil {
			continue
		}
		switch {
		case state.Policy == nil || *state.Policy == "":
			free = append(free, index)
		case *state.Policy == policy:
			managed = append(managed, index)
		}
	}
	return managed, free, nil
}

// ism has indices follow a policy. The answer is 200 also when some do not.
func (in *installer) ism(ctx context.Context, verb, policy string, indices []string, what string) error {
	a, err := in.change(ctx, http.MethodPost, "/_plugins/_ism/"+verb+"/"+strings.Join(indices, ","), object{"policy_id": policy})
	var answer struct {
		Failures bool `json:"failures"`
		Failed   []struct {
			Index  string `json:"index_name"`
			Reason string `json:"reason"`
		} `json:"failed_indices"`
	}
	if err == nil {
		err = json.Unmarshal(a.body, &answer)
	}
	if err == nil && answer.Failures && len(answer.Failed) > 0 {
		err = fmt.Errorf("%s: %s", clip(answer.Failed[0].Index, 200), clip(answer.Failed[0].Reason, 300))
	}
	if err != nil {
		return in.failed(aboutRetention, policy, err)
	}
	in.report.Add(aboutRetention, policy, Updated, fmt.Sprintf("%d indices: %s", len(indices), what))
	return nil
}

// ilmRetention puts Elasticsearch's policies on indices that were there before
// them. An index that names a policy follows it, also when it changes.
func (in *installer) ilmRetention(ctx context.Context, old []planned) error {
	for _, s := range old {
		if in.outcomes[kindILM.path+s.name] == "" { // there is no ILM
			return nil
		}
		text, _, err := in.get(ctx, "/"+s.name+"/_settings/index.lifecycle.name?flat_settings=true")
		var indices map[string]struct {
			Settings map[string]any `json:"settings"`
		}
		if err == nil {
			err = json.Unmarshal(text, &indices)
		}
		if err != nil {
			if err := in.failed(aboutRetention, s.name, err); err != nil {
				return err
			}
			continue
		}
		free := 0
		for _, index := range indices {
			if index.Settings["index.lifecycle.name"] == nil {
				free++
			}
		}
		switch {
		case free == 0:
		case !in.options.Adopt:
			in.report.Add(aboutRetention, s.name, Kept, neverDeleted)
		case free > 0:
			// preserve_existing leaves those alone that name another policy.
			_, err := in.change(ctx, http.MethodPut, "/"+s.name+"/_settings?preserve_existing=true", object{"index.lifecycle.name": s.name})
			if err != nil {
				if err := in.failed(aboutRetention, s.name, err); err != nil {
					return err
				}
				continue
			}
			in.report.Add(aboutRetention, s.name, Updated, fmt.Sprintf("%d indices come under the policy", free))
		}
	}
	return nil
}
