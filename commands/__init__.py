"""The commands of the command line: one file each, named as on the command line.

Such a file has `register` and `run` and imports nothing heavy, so that help and the first line of a run
come at once; what does the work stands beside it (`curate_videos`, `inspect_clip`, ...) and is imported
by `run`.
"""
