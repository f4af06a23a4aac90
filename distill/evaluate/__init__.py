"""Evaluation of networks and other methods: restored pictures against the truth."""
