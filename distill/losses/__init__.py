"""Training losses with formula and source, one family per file."""
