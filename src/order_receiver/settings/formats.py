"""Settings of the built-in mappings that write CSV, UBL and EDIFACT."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from order_receiver.settings.section import Section

Partner: TypeAlias = Annotated[str, Meta(min_length=1, max_length=35, pattern=r"^[\x20-\x7e]+$")]
Qualifier: TypeAlias = Annotated[str, Meta(min_length=1, max_length=4, pattern=r"^[0-9A-Z]+$")]


class CsvFormat(Section, frozen=True, kw_only=True):
    """How the mapping `csv` writes."""

    separator: Annotated[Literal[",", ";", "\t", "|"], Meta(description="what stands between two columns")] = ","
    decimal_sign: Annotated[Literal[".", ","], Meta(description="decimal sign of numbers")] = "."
    byte_order_mark: Annotated[
        bool, Meta(description="begin with a byte order mark: Excel then reads the file as UTF-8")
    ] = False
    guard_formulas: Annotated[
        bool,
        Meta(
            description="put an apostrophe before texts that a spreadsheet takes for a formula (= + - @ at the start)"
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.separator == self.decimal_sign:
            raise ValueError('has the same sign between columns and in numbers; write separator = ";" beside it')


class UblFormat(Section, frozen=True, kw_only=True):
    """What the mapping `ubl` says beside the order."""

    seller_name: Annotated[str | None, Meta(description="name of the seller; default: the application's name")] = None
    seller_id: Annotated[str | None, Meta(description="identification of the seller")] = None
    seller_scheme: Annotated[str | None, Meta(description="scheme of `seller_id`, such as 0088 for a GLN")] = None
    customization: Annotated[str | None, Meta(description="CustomizationID that the receiver asks for")] = None
    profile: Annotated[str | None, Meta(description="ProfileID that the receiver asks for")] = None
    extension: Annotated[bool, Meta(description="write what UBL has no element for into an extension of our own")] = (
        True
    )


class EdifactFormat(Section, frozen=True, kw_only=True):
    """The interchange of the mapping `edifact`."""

    sender: Annotated[Partner, Meta(description="identification of the sender, such as a GLN")]
    sender_qualifier: Annotated[Qualifier | None, Meta(description="kind of `sender`; 14 is a GLN")] = None
    recipient: Annotated[Partner, Meta(description="identification of the recipient")]
    recipient_qualifier: Annotated[Qualifier | None, Meta(description="kind of `recipient`; 14 is a GLN")] = None
    association: Annotated[
        Annotated[str, Meta(min_length=1, max_length=6, pattern="^[0-9A-Z]+$")] | None,
        Meta(description="association assigned code of the message, such as EAN008"),
    ] = None
    test: Annotated[bool, Meta(description="mark the interchange as a test")] = False


class Formats(Section, frozen=True, kw_only=True):
    """Settings of the built-in mappings; those of the mapping that is not used do not count."""

    csv: Annotated[CsvFormat, Meta(description='for `mapping = "csv"`')] = CsvFormat()
    ubl: Annotated[UblFormat, Meta(description='for `mapping = "ubl"`')] = UblFormat()
    edifact: Annotated[EdifactFormat | None, Meta(description='for `mapping = "edifact"`, which needs it')] = None
