package config

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// flagKeys maps the flags to keys of the configuration.
var flagKeys = map[string]string{
	"data-dir": "data_dir", "log-level": "log.level", "log-format": "log.format", "http-listen": "http.listen",
	"tls-cert": "collectors.tls.cert", "tls-priv-key": "collectors.tls.key", "output": "index.outputs",
}

// portFlag is where endpoints come from that the command line names.
const portFlag = "--collector-port"

// AddFlags adds the configuration's flags to a set. Defaults are shown by the
// configuration, so the flags' own are empty.
func AddFlags(f *pflag.FlagSet) {
	f.String("config", "", "configuration file (default: ./weir.yml, then /etc/weir/weir.yml)")
	f.StringArray("collector-port", nil, "endpoint to listen on instead of the configured ones, such as udp://2055 or tls://127.0.0.1:4740; repeatable")
	f.StringArray("output", nil, "where flows go instead of the configured sinks: local, local:DIR, ndjson:FILE (- is standard output), elasticsearch:URL, opensearch:URL; repeatable")
	f.String("tls-cert", "", "PEM file with the certificate of tls:// endpoints")
	f.String("tls-priv-key", "", "PEM file with its private key")
	f.String("data-dir", "", "folder for what the collector keeps")
	f.String("http-listen", "", "host:port of metrics and health; \"none\" serves nothing")
	f.String("log-level", "", "debug, info, warn or error")
	f.String("log-format", "", "text or json")
	// nProbe's way to say that nothing is exported and no interface is captured.
	f.StringP("nprobe-collector", "n", "", "accepted for nProbe's command lines; must be none")
	f.StringP("nprobe-interface", "i", "", "accepted for nProbe's command lines; must be none")
	_ = f.MarkHidden("nprobe-collector")
	_ = f.MarkHidden("nprobe-interface")
}

// flags reads the flags that were given.
func (r *reader) flags(f *pflag.FlagSet) {
	f.Visit(func(flag *pflag.Flag) {
		place := "--" + flag.Name
		switch flag.Name {
		case "collector-port":
			list, _ := f.GetStringArray(flag.Name)
			r.ports(place, list)
		case "output":
			list, _ := f.GetStringArray(flag.Name)
			r.outputs(place, list)
		case "nprobe-collector", "nprobe-interface":
			if flag.Value.String() != "none" {
				r.fault("-%s: %q: a collector neither exports nor captures; allowed: none", flag.Shorthand, flag.Value)
			}
		case "http-listen":
			value := flag.Value.String()
			if value == "none" {
				value = ""
			}
			r.set(flagKeys[flag.Name], place, value)
		default:
			if key, ok := flagKeys[flag.Name]; ok {
				r.set(key, place, flag.Value.String())
			}
		}
	})
}

// ports replaces the configured endpoints. Every endpoint takes every protocol,
// so they can all stand in one list; IPFIX's, for its defaults on streams.
func (r *reader) ports(place string, list []string) {
	for _, key := range []string{"netflow5", "netflow9", "sflow"} {
		r.set("collectors."+key, place, []any{})
	}
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = strings.TrimSpace(s)
	}
	r.set("collectors.ipfix", place, all)
}

// outputs replaces the configured sinks; elasticsearch:URL keeps the other
// settings of index.elasticsearch, and local:DIR those of index.local.
func (r *reader) outputs(place string, list []string) {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	r.replaced = true
	r.set("index.outputs", place, all)
	if r.loaded.values["index.local.path"] != nil && !slices.Contains(list, "local") {
		r.set("index.local.path", place, "")
	}
	r.set("index.ndjson.path", place, "")
	r.set("index.elasticsearch.urls", place, []any{})
	r.set("index.elasticsearch.cloud_id", place, "")
}
