"""The control API: HTTP on a Unix socket; the page's port serves it, too, behind a key."""
