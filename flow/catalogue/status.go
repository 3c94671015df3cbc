package catalogue

// StatusFields are the rows of the documents about exporters and about the
// collector itself, which are in the data stream weir-exporters-<namespace>
// beside fields of the catalogue. Their names begin with flow.status; they are
// no fields of records and need no identifier. It must not be changed at run
// time.
var StatusFields = []Field{}
