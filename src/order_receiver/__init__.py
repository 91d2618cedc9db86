"""Takes web orders from Norce Commerce into an ERP and tells Norce what became of them."""

__version__ = "0.1.0"
