"""From shards to batches.

`config.WindowConfig` says what is wanted, `windows.ShardWindows` yields it, `collate.collate` and
`loader.WindowLoader` make batches of it, `clips.clips` goes through whole clips once. docs/loading.md shows
how.
"""
