"""One plot a module, each a function from what was measured to the bytes of a PNG file."""
