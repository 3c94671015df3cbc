// Package deployments is what runs Weir elsewhere: the container image, compose
// stacks, and examples of alerts. The package has no code of its own; its tests
// build, load and run those files, and look at nothing inside the other rooms.
package deployments
