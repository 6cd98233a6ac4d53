"""One adapter a file for each outside model: the only importers of those libraries.

Adapters import their library when first constructed, so that reading a config, a report or a
table never loads a model. Each is loaded once a worker process through its `load` function.
"""
