// Command servers starts and stops the real Elasticsearch and OpenSearch nodes
// that Weir's tests talk to: one of each on loopback, made from Maven Central's
// jars, without containers.
//
//	go run ./indexer/servers start [-keep] [elasticsearch] [opensearch]
//	go run ./indexer/servers stop [elasticsearch] [opensearch]
//	go run ./indexer/servers status [elasticsearch] [opensearch]
//
// Without names, the verbs act on both. start prints a node's URL when it
// answers; a node that runs already is left alone. Each start begins with empty
// data unless -keep is given. stop ends only processes that start began.
//
// It needs mvn and a JDK: 17 to 23 for Elasticsearch 8 and OpenSearch 2, 21 or
// later for Elasticsearch 9 and OpenSearch 3. JAVA_HOME, java in PATH and
// /usr/lib/jvm are searched. Elasticsearch needs cc and libzstd.so.1 as well.
//
// Environment: WEIR_ELASTICSEARCH_VERSION (8.19.0), WEIR_ELASTICSEARCH_PORT
// (9210), WEIR_OPENSEARCH_VERSION (2.19.1), WEIR_OPENSEARCH_PORT (9220) and
// WEIR_SERVERS_DIR (build/servers), where jars, data, logs and pid files lie.
//
// The jars leave out what the vendors do not publish as jars. On Elasticsearch:
// security, lifecycle policies, the _data_stream endpoints, scripts and ingest
// processors; GET / is answered by RootEndpoint.java. On OpenSearch: index state
// management, security and the zstd codecs.
package main
