"""From a recipe and its samples to trained weights."""
