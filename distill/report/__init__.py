"""docs/results.md with its tables, plots and crops, generated from the files of results."""
