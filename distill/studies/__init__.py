"""Five published systems, reproduced and compared: what they need and the camera does not."""
