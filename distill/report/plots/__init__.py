"""One plot per module: a function from results to the bytes of a PNG file."""
