"""Five published systems, reproduced for comparison: networks, data, damage, recipes. No camera uses them."""
