"""The adapter `http`: any REST or OData API by configuration."""
