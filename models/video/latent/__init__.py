"""Video over a user's frozen latent diffusion model: VLOGGER's way (arXiv 2403.08764, section 3.2)."""
