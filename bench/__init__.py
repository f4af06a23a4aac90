"""Benchmarks: one script a question, a table, then one JSON line."""
