"""What was measured, for people: docs/results.md with its tables, plots and crops, all made from files."""
