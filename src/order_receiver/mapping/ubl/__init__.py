"""The built-in mapping `ubl`: UBL 2.1 Order."""
