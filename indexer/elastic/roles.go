package elastic

// role is a definition of rights that can be put as it is.
type role struct {
	name, path string
	body       object
}

// The names of the two roles.
const (
	roleSetup  = "weir_setup"  // for `weir setup`, and a collector that sets up by itself
	roleWriter = "weir_writer" // for a collector with setup: manual
)

// Rights of Elasticsearch, which roles and the check of privileges share.
// "manage" on the streams is what a rollover needs, and the retention of a stream.
func setupRights(lifecycle string) (cluster, index []string) {
	cluster = []string{"monitor", "manage_index_templates"}
	if lifecycle == lifecycleILM {
		cluster = append(cluster, "manage_ilm")
	}
	return cluster, []string{"auto_configure", "create_doc", "manage", "view_index_metadata"}
}

func writerRights() (cluster, index []string) {
	return []string{"monitor"}, []string{"auto_configure", "create_doc", "view_index_metadata"}
}

// streamPattern covers the data streams of a namespace.
func streamPattern(c Config) string { return "weir-*-" + c.Namespace }

// roles gives the least rights that setup and writing need.
func roles(p product, c Config, lifecycle string) []role {
	if p.name == opensearch {
		return openSearchRoles(c)
	}
	define := func(name string, cluster, index []string, more object) role {
		body := object{"cluster": cluster, "indices": []object{{"names": []string{streamPattern(c)}, "privileges": index}}}
		for key, value := range more {
			body[key] = value
		}
		return role{name, "/_security/role/" + name, body}
	}
	cluster, index := setupRights(lifecycle)
	setup := define(roleSetup, cluster, index, object{"applications": []object{{
		// The rights in Kibana: to import saved objects, in every space.
		"application": "kibana-.kibana", "privileges": []string{"feature_savedObjectsManagement.all"}, "resources": []string{"*"},
	}}})
	cluster, index = writerRights()
	return []role{setup, define(roleWriter, cluster, index, nil)}
}

func openSearchRoles(c Config) []role {
	// Backing indices have names of their own, which the security plugin checks
	// for some actions.
	patterns := []string{streamPattern(c), ".ds-" + streamPattern(c) + "-*"}
	return []role{
		{roleSetup, "/_plugins/_security/api/roles/" + roleSetup, object{
			"cluster_permissions": []string{
				"cluster:monitor/main", "cluster:monitor/nodes/info",
				"cluster:admin/component_template/get", "cluster:admin/component_template/put",
				"indices:admin/index_template/get", "indices:admin/index_template/put",
				"cluster:admin/opendistro/ism/policy/get", "cluster:admin/opendistro/ism/policy/write",
				"cluster:admin/opendistro/ism/managedindex/add", "cluster:admin/opendistro/ism/managedindex/change", "cluster:admin/opendistro/ism/managedindex/explain",
				"indices:data/write/bulk",
			},
			// The policy acts with the rights of the user who wrote it: it rolls over
			// and deletes indices, which indices:admin/* covers.
			"index_permissions":  []object{{"index_patterns": patterns, "allowed_actions": []string{"indices:admin/*", "indices:monitor/*", "indices:data/write/index", "indices:data/write/bulk*"}}},
			"tenant_permissions": []object{{"tenant_patterns": []string{"*"}, "allowed_actions": []string{"kibana_all_write"}}},
		}},
		{roleWriter, "/_plugins/_security/api/roles/" + roleWriter, object{
			"cluster_permissions": []string{"cluster:monitor/main", "cluster:monitor/nodes/info", "indices:data/write/bulk"},
			"index_permissions": []object{{"index_patterns": patterns, "allowed_actions": []string{
				"indices:admin/resolve/index", "indices:admin/mapping/auto_put", "indices:data/write/index", "indices:data/write/bulk*"}}},
		}},
	}
}
