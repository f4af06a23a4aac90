"""Networks the distillery can train, one file each."""
