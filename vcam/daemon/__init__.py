"""The process in the background: its start and end, signals, supervision and log."""
