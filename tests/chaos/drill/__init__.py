"""A small app that stacks of the drills install beside the product's own: it only has something to say."""
