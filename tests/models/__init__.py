"""Tests of what learns from the shards."""
