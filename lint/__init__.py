"""Rules of what a finished run may look like: what each means, what to do, and a pure function that looks.

A rule sees facts (names and sizes, rows of tables, a shard's headers, a sample's bytes) and yields what is
wrong. Reading them is `commands/lint_run.py`'s part. Nothing here believes what the run says of itself.
"""
