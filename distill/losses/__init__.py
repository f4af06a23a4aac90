"""What training minimises: each loss with its formula and its source, one family a file."""
