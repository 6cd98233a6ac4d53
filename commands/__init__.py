"""One file a command of run_pipeline.py."""
