"""Value tables: the codes of an order into those of a target; see docs/how-to/translate-values.md."""
