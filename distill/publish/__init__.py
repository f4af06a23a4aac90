"""From trained networks to published files: the camera's models, and the networks and scores of recipes."""
