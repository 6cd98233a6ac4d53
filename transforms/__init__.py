"""One step a file: config, core, step, shell. Steps never import each other."""
