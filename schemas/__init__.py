"""The vocabulary of the pipeline: records, outcomes, tables and training samples."""
