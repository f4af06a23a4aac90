"""What a WhipSource and the process that receives for it agree on: the token of a phone's code."""
