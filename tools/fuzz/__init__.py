"""Fuzzing of all that reads files of strangers: `python -m tools.fuzz` (docs/security.md)."""
