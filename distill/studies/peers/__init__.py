"""Others' upscaling networks, run as they were published."""
