"""From sharp files to shards of degraded and true pictures."""
