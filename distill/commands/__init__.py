"""One module per command: `add_arguments(parser)` declares its arguments, `run(args)` executes it."""
