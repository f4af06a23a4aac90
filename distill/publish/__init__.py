"""From trained weights to files that are in use: the camera's models, and the reproductions' records."""
