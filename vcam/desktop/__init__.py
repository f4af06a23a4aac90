"""The camera in a Linux desktop: its service, its menu entry, its icon, and what only root may write."""
