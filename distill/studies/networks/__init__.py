"""The studies' networks, and readers of others' weights."""
