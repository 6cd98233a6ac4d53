"""Tests, and the makers of the media they run on."""
