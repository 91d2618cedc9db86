"""Mappings written as Jinja2 templates: one file says how an order becomes JSON, XML, CSV or text."""
