"""Who is meant by a party of an order, whichever ERP keeps it."""

from hashlib import sha256

from order_receiver.orders.canonical import AddressPart, PartyPart


def person_name(part: PartyPart) -> str:
    """First and last name."""
    if part.person is None:
        return ""
    return " ".join(filter(None, (part.person.first_name, part.person.last_name)))


def attention(part: PartyPart) -> str | None:
    """The person, where the party is a company."""
    if part.company is None or part.person is None:
        return None
    return person_name(part) or None


def email_of(part: PartyPart) -> str | None:
    """The company's e-mail address, else the person's."""
    if part.company is not None and part.company.email is not None:
        return part.company.email
    return part.person.email if part.person is not None else None


def is_buyer(part: PartyPart, buyer: PartyPart) -> bool:
    """Whether a party is the buyer under another address or name: a gift's recipient needs no party of its own."""
    if part.code is not None:
        return part.code == buyer.code
    if part.company is not None:
        return buyer.company is not None and part.company.name == buyer.company.name
    return True


def own_mark(part: PartyPart, key: str, length: int, *, by_email: bool) -> str:
    """A hash for a party without code, in so many digits: by its e-mail address, else for one order and name alone."""
    email = email_of(part)
    known_by = email.lower() if email is not None and by_email else f"{key} {part.name}"
    return sha256(known_by.encode()).hexdigest()[:length]


def care_of(address: AddressPart) -> str | None:
    """The line `c/o ...`, which the order may have with or without these letters."""
    if address.care_of is None or address.care_of.lower().startswith("c/o"):
        return address.care_of
    return f"c/o {address.care_of}"


def folded(value: object) -> str:
    """A text for comparison: case and blanks do not count, and nothing is the same as an empty text."""
    return " ".join(str("" if value is None else value).split()).casefold()
