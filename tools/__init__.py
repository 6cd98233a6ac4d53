"""Programs that build or fetch what the repository needs."""
