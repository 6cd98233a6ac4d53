"""Programs that build what the repository needs."""
