"""The page on 127.0.0.1: its files and pictures, and who may see them."""
