"""From sharp stills and clips to shards of training pairs: degraded and true pictures."""
