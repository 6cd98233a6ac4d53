"""Sound to motion: a diffusion transformer, how it is trained, sampled and measured."""
