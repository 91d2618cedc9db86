"""The built-in mapping `edifact`: EDIFACT ORDERS D.96A."""
