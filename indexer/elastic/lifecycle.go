package elastic

import (
	"fmt"
	"time"
)

// lifecycleFor gives what deletes old documents on a product: one of the
// constants lifecycle…, never lifecycleAuto. Elasticsearch has had data stream
// lifecycles for everybody since 8.14, the oldest version that Weir supports.
func lifecycleFor(p product, c Config) (string, error) {
	switch {
	case c.Lifecycle == lifecycleNone:
		return lifecycleNone, nil
	case p.name == opensearch && (c.Lifecycle == lifecycleAuto || c.Lifecycle == lifecycleISM):
		return lifecycleISM, nil
	case p.name == elasticsearch && (c.Lifecycle == lifecycleAuto || c.Lifecycle == lifecycleStream):
		return lifecycleStream, nil
	case p.name == elasticsearch && c.Lifecycle == lifecycleILM:
		return lifecycleILM, nil
	}
	allowed := "auto, data_stream, ilm, none"
	if p.name == opensearch {
		allowed = "auto, ism, none"
	}
	return "", fmt.Errorf("index.elasticsearch.lifecycle: %q is nothing that %s has; allowed: %s", c.Lifecycle, p.name, allowed)
}

// The largest primary shard before an index is rolled over, as both products
// advise.
const rolloverSize = "50gb"

// rolloverAge is when an index of a stream is rolled over at the latest. What is
// deleted is whole indices, so it is a thirtieth of the retention: a day to thirty,
// and no more than the retention itself.
func rolloverAge(keep time.Duration) time.Duration {
	if keep == 0 {
		return 30 * day
	}
	return min(max(keep/30, day), 30*day, keep).Truncate(time.Second)
}

// serverDuration writes a duration as the servers read it, in one unit.
func serverDuration(d time.Duration) string {
	switch {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// streamLifecycle is the data stream lifecycle of an index template or a stream.
// Elasticsearch itself decides when to roll over.
func streamLifecycle(keep time.Duration) object {
	if keep == 0 {
		return object{}
	}
	return object{"data_retention": serverDuration(keep)}
}

// ilmPolicy is a policy of Elasticsearch's index lifecycle management.
func ilmPolicy(keep time.Duration) object {
	phases := object{"hot": object{"actions": object{"rollover": object{
		"max_primary_shard_size": rolloverSize, "max_age": serverDuration(rolloverAge(keep)),
	}}}}
	if keep > 0 {
		phases["delete"] = object{"min_age": serverDuration(keep), "actions": object{"delete": object{}}}
	}
	return object{"policy": object{"phases": phases}}
}

// ismPolicy is a policy of OpenSearch's index state management. Its template is
// matched against the data stream's name, and applies to indices that are made
// after the policy.
func ismPolicy(stream string, keep time.Duration, priority int) object {
	hot := object{
		"name": "hot",
		"actions": []object{{"rollover": object{
			"min_primary_shard_size": rolloverSize, "min_index_age": serverDuration(rolloverAge(keep)),
		}}},
		"transitions": []object{},
	}
	states := []object{hot}
	about := "Keeps " + stream + " for ever."
	if keep > 0 {
		hot["transitions"] = []object{{"state_name": "delete", "conditions": object{"min_rollover_age": serverDuration(keep)}}}
		states = append(states, object{"name": "delete", "actions": []object{{"delete": object{}}}, "transitions": []object{}})
		about = "Keeps " + stream + " for " + serverDuration(keep) + "."
	}
	return object{"policy": object{
		"description":   about,
		"default_state": "hot",
		"states":        states,
		"ism_template":  []object{{"index_patterns": []string{stream}, "priority": priority}},
	}}
}
