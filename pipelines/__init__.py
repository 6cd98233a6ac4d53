"""Chains of steps: what runs after what, on Beam."""
