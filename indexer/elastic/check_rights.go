package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// checkRights tells what the user may not do, and what is set up.
func (s *Setup) checkRights(ctx context.Context, steps *Steps) {
	in := newInstaller(s.client, s.config, SetupOptions{DryRun: true})
	if err := in.detect(ctx); err != nil {
		steps.Bad("server", err.Error(), "it answered a moment ago; try again")
		return
	}
	if in.product.name == elasticsearch {
		in.hasPrivileges(ctx, steps)
	} else {
		in.authInfo(ctx, steps)
	}
	// The reads of a dry run are those that setup needs.
	if err := in.run(ctx); err != nil {
		steps.Bad("templates", err.Error(), "")
		return
	}
	r := in.report
	for _, x := range r.Results {
		switch x.Outcome {
		case Failed:
			steps.Bad("read "+x.Kind, strings.TrimSpace(x.Name+" "+x.Detail), "give the user the rights of the role "+roleSetup+"; docs/how-to/elasticsearch.md has it")
		case Skipped:
			steps.Skip(x.Kind, x.Detail)
		case Kept:
			steps.Skip(x.Kind, x.Name+": "+x.Detail)
		}
	}
	switch missing, old := r.Count(Created), r.Count(Updated); {
	case missing+old == 0:
		steps.Good("templates", fmt.Sprintf("everything is set up, %d objects", r.Count(Unchanged)))
	case s.config.Setup == setupAuto:
		steps.Skip("templates", fmt.Sprintf("%d objects are missing and %d are to be updated; the collector will see to it, or run weir setup", missing, old))
	default:
		steps.Bad("templates", fmt.Sprintf("%d objects are missing and %d are to be updated", missing, old), "run weir setup, as index.elasticsearch.setup is manual")
	}
}

// hasPrivileges asks Elasticsearch which rights the user lacks: those of the
// writer, and those of setup when the collector sets up by itself.
func (in *installer) hasPrivileges(ctx context.Context, steps *Steps) {
	cluster, index := writerRights()
	role := roleWriter
	if in.config.Setup == setupAuto {
		cluster, index = setupRights(in.plan.lifecycle)
		role = roleSetup
	}
	text, err := encode(object{"cluster": cluster, "index": []object{{"names": []string{streamPattern(in.config)}, "privileges": index}}})
	if err != nil {
		steps.Bad("privileges", err.Error(), "")
		return
	}
	a, err := in.small(ctx, http.MethodPost, "/_security/user/_has_privileges", text)
	if err == nil {
		err = refusal(a)
	}
	if errors.Is(err, errUnsupported) {
		steps.Skip("privileges", "this server has no security: everybody may do everything")
		return
	}
	var answer struct {
		All     bool                       `json:"has_all_requested"`
		Cluster map[string]bool            `json:"cluster"`
		Index   map[string]map[string]bool `json:"index"`
	}
	if err == nil {
		err = json.Unmarshal(a.body, &answer)
	}
	if err != nil {
		steps.Bad("privileges", err.Error(), "")
		return
	}
	if answer.All {
		steps.Good("privileges", "all of the role "+role)
		return
	}
	var missing []string
	for name, has := range answer.Cluster {
		if !has {
			missing = append(missing, name+" on the cluster")
		}
	}
	for names, rights := range answer.Index {
		for name, has := range rights {
			if !has {
				missing = append(missing, name+" on "+names)
			}
		}
	}
	slices.Sort(missing)
	steps.Bad("privileges", "missing: "+strings.Join(missing, ", "), "give the user the role "+role+"; docs/how-to/elasticsearch.md has it, and weir setup --export writes it")
}

// authInfo asks OpenSearch who the user is. Its security plugin tells rights to
// nobody, so that the reads that follow show what is missing.
func (in *installer) authInfo(ctx context.Context, steps *Steps) {
	text, _, err := in.get(ctx, "/_plugins/_security/authinfo")
	if errors.Is(err, errUnsupported) {
		steps.Skip("privileges", "this server has no security: everybody may do everything")
		return
	}
	var answer struct {
		User  string   `json:"user_name"`
		Roles []string `json:"roles"`
	}
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		steps.Bad("privileges", err.Error(), "check the credentials of index.elasticsearch")
		return
	}
	steps.Good("privileges", fmt.Sprintf("user %s with the roles %s; OpenSearch does not list rights, so that only what is read can be tried", clip(answer.User, 100), clip(strings.Join(answer.Roles, ", "), 300)))
}
