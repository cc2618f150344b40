"""What runs fast: each part once as a readable reference and once native, both with the same names and answers."""
