"""What cameras and links do to a picture."""
