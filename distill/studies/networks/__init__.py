"""The networks of the studies, and readers of third-party weights."""
