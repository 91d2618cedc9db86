"""The built-in mapping `csv`: one line for each row of the order."""
