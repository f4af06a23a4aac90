"""Third-party upscaling networks, run as published."""
