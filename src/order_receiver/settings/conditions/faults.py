"""What is wrong with the text of a condition."""


class WrongCondition(ValueError):
    """A condition that cannot be understood; `str()` is one or two sentences: what is wrong, and what to write."""
