// Command servers starts and stops the real Elasticsearch and OpenSearch nodes
// that Weir's tests talk to: one of each product in its older and its newer major
// version on loopback, made from Maven Central's jars, without containers.
//
//	go run ./indexer/servers start [-keep] [NAME...]
//	go run ./indexer/servers stop [NAME...]
//	go run ./indexer/servers status [NAME...]
//	go run ./indexer/servers check [NAME...]
//
// The names, with the prefix of their environment variables:
//
//	elasticsearch    8.19.0 on port 9210    WEIR_ELASTICSEARCH
//	elasticsearch9   9.2.0 on port 9211     WEIR_ELASTICSEARCH9
//	opensearch       2.19.1 on port 9220    WEIR_OPENSEARCH
//	opensearch3      3.3.0 on port 9221     WEIR_OPENSEARCH3
//
// Without names, the verbs act on all. start prints a node's URL when it
// answers; a node that runs already is left alone. Each start begins with empty
// data unless -keep is given. stop ends only processes that start began. check
// says which JDK each would be started with, and starts nothing.
//
// It needs mvn and a JDK: 17 to 23 for Elasticsearch 8 and OpenSearch 2, 21 or
// later for Elasticsearch 9 and OpenSearch 3; 21 to 23 serves all. JAVA_HOME,
// java in PATH and /usr/lib/jvm are searched. Elasticsearch needs cc and
// libzstd.so.1 as well. Each node takes up to 1.5 GB of memory.
//
// Environment: PREFIX_VERSION and PREFIX_PORT, for example
// WEIR_OPENSEARCH3_VERSION, choose another version and port of a server, and
// WEIR_SERVERS_DIR (build/servers) is where jars, data, logs and pid files lie.
//
// The jars leave out what the vendors do not publish as jars. On Elasticsearch:
// security, lifecycle policies, the _data_stream endpoints, scripts and ingest
// processors; GET / is answered by RootEndpoint.java. On OpenSearch: index state
// management, security and the zstd codecs.
package main
