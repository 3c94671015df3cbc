// Package elastic writes records to Elasticsearch 8.14 and later or OpenSearch
// 2.7 and later, by their bulk API, into the data streams weir-flows-NAMESPACE,
// weir-counters-NAMESPACE and weir-rejected-NAMESPACE. It detects the product,
// installs its own index templates, and retries what the server could not take.
//
// Setup brings a cluster to what documents need: policies, templates and streams,
// in the sink's connection or from the command line. It tells what a person has
// changed by hashes of canonical forms (setup_canon.go), and keeps it.
//
// The sink neither reads documents nor manages dashboards, and it never keeps
// the collector from starting: while no server answers, documents wait in
// memory, as many as Config.QueueBytes allows.
//
// Information elements longer than 10,836 bytes are cut in documents that are
// longer than Lucene's limit for a value: OpenSearch would refuse those.
//
// Documents have automatic ids, which cost less than ids of ours. So a request
// whose outcome stays unknown, such as one that timed out, is sent again and may
// leave documents twice; weir_elastic_uncertain_documents_total counts those
// that could be affected.
package elastic
