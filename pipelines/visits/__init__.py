"""Visits: the work done on one element in one go, so that each frame is decoded once for all.

A visit composes the cores of several steps around one pass over the media. It gets an element, the parts of
earlier stages and its own sections of the configuration, and returns records, parts and costs; it runs in an
isolated process and knows neither Beam nor where anything is stored.
"""
