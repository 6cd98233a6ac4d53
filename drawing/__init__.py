"""Drawing a clip with what the pipeline found in it: overlay video and contact sheet."""
