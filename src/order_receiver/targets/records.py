"""Records that an ERP is asked for by a name or code: there must be exactly one of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from order_receiver.orders.outcomes import PermanentFailure

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Erp:
    """An ERP as sentences name it, with the target whose settings say what is asked for."""

    name: str
    target: str

    def setting(self, key: str) -> str:
        """Where a setting is."""
        return f"`targets.{self.target}.{key}`"

    def correct(self, key: str) -> str:
        """What to do about a name that is in a setting and not in the ERP."""
        return f"Make it in {self.name}, or correct {self.setting(key)}."


def only(found: Sequence[Record], sentence: str, missing: Sequence[str] = ()) -> Record:
    """The one record that was found; more than one is as wrong as none.

    Raises PermanentFailure with the sentence, whose `{}` becomes `no` or `more than one`; `missing` is what orders
    wait for then.
    """
    if len(found) != 1:
        raise PermanentFailure(sentence.replace("{}", "more than one" if found else "no", 1), missing)
    return found[0]


def one_each(
    codes: Sequence[str],
    found: Sequence[Record],
    code_of: Callable[[Record], str],
    sentence: Callable[[str], str],
    kind: str,
) -> Mapping[str, Record]:
    """The record of each code. Raises PermanentFailure as `only`, with the sentence for the first and all causes."""
    by_code: dict[str, list[Record]] = {code: [] for code in codes}
    for record in found:
        by_code.setdefault(code_of(record), []).append(record)
    missing = [f"{kind}:{code}" for code in codes if len(by_code[code]) != 1]
    others = "" if len(missing) < 2 else f" So it is with {len(missing) - 1} more."
    return {code: only(by_code[code], sentence(code) + others, missing) for code in codes}
