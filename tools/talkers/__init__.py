"""Synthetic people who talk: espeak-ng's speech, whose phones are known, and a body that articulates them."""
