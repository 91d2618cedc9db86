"""Fields of the order that ORDERS has no segment for."""

import re

from order_receiver.mapping.edifact.segments import Message
from order_receiver.mapping.leaves import as_word, leaves

NOT_SENT = re.compile(r"format$|.*\.personal_number$")
"""Fields that stay out of the message: nobody whom EDIFACT is written for needs a personal number."""


def write_rest(message: Message, part: object, field: str) -> None:
    """FTX+ZZZ for each value that no segment has; rows are left out where the whole order is given."""
    for path, value in leaves(part, field):
        if path not in message.used and not NOT_SENT.match(path):
            word = as_word(value, path)
            if word:
                message.named(path, word)
            message.used.add(path)
