"""Measurements on real videos: accuracy and speed. They take a folder of data by flag."""
