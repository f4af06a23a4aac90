"""What a network is worth: pictures restored by it and by others, against the truth."""
