"""Samples of the studies' own data sets."""
