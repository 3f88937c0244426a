"""One thing done to many rows: shown first, then done by a worker who may be stopped or killed."""
