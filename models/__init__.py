"""What learns from the shards: from shards to batches, and the models that take them."""
