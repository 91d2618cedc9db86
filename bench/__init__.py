"""Measures the order receiver on the machine at hand: `python -m bench`. What and how: docs/benchmarks.md."""
