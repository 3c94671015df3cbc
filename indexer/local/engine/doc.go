// Package engine answers query.Requests from column.Blocks.
//
// It works on columns, not on rows. Statistics leave out blocks; what a filter
// says about a dictionary column is decided once per dictionary entry and looked
// up per row; groups are numbers until the answer is written. Blocks are worked
// on in parallel, and a worker's memory is used again for its next block.
//
// Values are those that documents show: a number with names counts under each
// name, a list under each of its values. The package reads blocks through the
// interface in column and knows no files.
//
// What a request holds in memory is bounded (query.Limits). Beyond the bound of
// groups those with the least of the metric that orders are given up and summed
// as other, and the answer says how far its groups can be off by that. Beyond the
// bound of exact distinct values they are estimated (HyperLogLog with 2^14
// registers), which the answer's column says.
package engine
