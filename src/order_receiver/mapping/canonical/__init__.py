"""The built-in mapping `canonical`: our own JSON form of an order."""
