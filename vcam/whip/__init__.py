"""What a WhipSource and the process that receives for it agree on: how frames and words pass, and secrets."""
