"""Buyers, payers and recipients of made-up orders."""

from dataclasses import dataclass
from random import Random

from order_receiver.contract.request import Address, ClientCustomer, CodeValue, Company, Person
from order_receiver.simulator.goods import COMPANIES, FIRST_NAMES, LAST_NAMES, STREETS, TOWNS, Market

_EMAIL_LETTERS = str.maketrans("åäöøéá ", "aaooea.")


@dataclass(frozen=True, slots=True)
class Parties:
    """The three customers of an order; `business` is true where a company buys."""

    sell_to: ClientCustomer
    bill_to: ClientCustomer
    ship_to: ClientCustomer
    business: bool


def make_parties(rng: Random, market: Market) -> Parties:
    """A private buyer mostly, a company at times; goods go to another address now and then."""
    business = rng.random() < 0.2
    company = _company(rng, market) if business else None
    buyer = _person(rng, market)
    if business:
        buyer.JobTitle = rng.choice(("Inköpare", "VD")) if market == "SE" else rng.choice(("Innkjøper", "Daglig le."))
    payer = _person(rng, market) if business else buyer
    if business and payer.Address is not None:
        payer.Address.Gln = _gln(rng)
    recipient = _person(rng, market) if rng.random() < 0.15 else buyer
    return Parties(
        sell_to=ClientCustomer(Company=company, Person=buyer),
        bill_to=ClientCustomer(Company=company, Person=payer),
        ship_to=ClientCustomer(Company=company, Person=recipient),
        business=business,
    )


def make_address(rng: Random, market: Market) -> Address:
    """A street address in a town of the market."""
    zip_code, city = rng.choice(TOWNS[market])
    return Address(
        Line1=f"{rng.choice(STREETS[market])} {rng.randint(1, 140)}{rng.choice(('', '', 'A', 'B'))}",
        Line2="lgh 1203" if market == "SE" and rng.random() < 0.2 else None,
        ZipCode=zip_code,
        City=city,
        Country=market,
        CareOf=f"c/o {rng.choice(LAST_NAMES[market])}" if rng.random() < 0.05 else None,
    )


def _person(rng: Random, market: Market) -> Person:
    first, last = rng.choice(FIRST_NAMES[market]), rng.choice(LAST_NAMES[market])
    mailbox = f"{first}.{last}".lower().translate(_EMAIL_LETTERS)
    known = rng.random() < 0.4
    return Person(
        CustomerCode=f"K{rng.randint(10_000, 99_999)}" if known else None,
        FirstName=first,
        LastName=last,
        CellPhone=_phone(rng, market),
        Email=f"{mailbox}@example.com",
        SSN=_personal_number(market) if rng.random() < 0.1 else None,
        Address=make_address(rng, market),
        AdditionalInfo=[CodeValue(Id=11, Code="Klubbnivå", Value="Guld", Code2="club_level")] if known else [],
    )


def _phone(rng: Random, market: Market) -> str:
    """A number that belongs to nobody: Sweden's series for fiction, Norwegian ones that are too low to be dialled."""
    return f"+4670174{rng.randint(605, 699):04d}" if market == "SE" else f"+470000{rng.randint(0, 9999):04d}"


def _personal_number(market: Market) -> str:
    """A well-known test number: the field is there to be masked."""
    return "19121212-1212" if market == "SE" else "01010000000"


def _company(rng: Random, market: Market) -> Company:
    number = rng.randint(100_000, 999_999)
    return Company(
        Code=f"F{rng.randint(1000, 9999)}" if rng.random() < 0.6 else None,
        Name=rng.choice(COMPANIES[market]),
        VatNo=f"SE5590{number}01" if market == "SE" else f"NO000{number}MVA",
        IsActive=False,
    )


def _gln(rng: Random) -> str:
    """A location number of thirteen digits with its GS1 check digit."""
    digits = [7, 3, 0, 0, *(rng.randint(0, 9) for _ in range(8))]
    weighted = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-weighted % 10)
