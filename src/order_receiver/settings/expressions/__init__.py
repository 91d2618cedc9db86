"""Expressions and templates within settings: Jinja2 in a sandbox, checked when the configuration is read (ADR 0033)."""

from order_receiver.settings.expressions.language import (
    BadExpression,
    Expression,
    ExpressionFailed,
    Template,
    Undecided,
    expression,
    template,
)

__all__ = ["BadExpression", "Expression", "ExpressionFailed", "Template", "Undecided", "expression", "template"]
