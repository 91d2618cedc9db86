"""Handing one document over on a server without locks, exactly once, whatever dies in between or wakes up late.

What tells the truth is as in `files.handover`: the order is handed over when the staged document is gone, since the
rename that hands it over takes it away. But nothing keeps a worker that lost its lease from going on, so

    .sent/<key>.<token>.part    is staged by one attempt alone: nobody writes over the document or proof of another
    the step of the submission  names the last one; it is stored before the rename, which a lost lease forbids
    .sent/<key>                 the mark says the same, for those who have no step
    .sent/<key>.<token>.void    was withdrawn before it was handed over, since the order is mapped anew

| a worker that wakes up late | finds | it does |
| --- | --- | --- |
| before it staged | its step is not stored | nothing that another looks at |
| after its step was stored | its document handed over or withdrawn | a rename that fails; its mark is not asked |

A document that is staged and not handed over is used by the next attempt; one of another mapping is withdrawn first,
so that its worker cannot hand it over any more. Documents of attempts that died before their step was stored stay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from order_receiver.targets.adapter import Step
from order_receiver.targets.files.handover import PROMISE_LIMIT, SENT, Handover, first_file, release
from order_receiver.targets.files.place import Place
from order_receiver.targets.files.trouble import transient

PART, VOID = ".part", ".void"


@dataclass(frozen=True, slots=True)
class Staged:
    """A document that was staged, to become the file for the ERP."""

    digest: str
    file: str
    part: str

    @classmethod
    def of_step(cls, step: Step) -> "Staged | None":
        return cls(step["digest"], step["file"], step["part"]) if "part" in step else None

    @classmethod
    def of_mark(cls, outbox: Place, key: str) -> "Staged | None":
        """None where there is no mark, or one that was not written to its end."""
        try:
            text = outbox.read(f"{SENT}/{key}", PROMISE_LIMIT).content.decode("ascii", "replace")
        except FileNotFoundError:
            return None
        words = text.removesuffix("\n").split(" ")
        return cls(*words) if len(words) == 3 and text.endswith("\n") else None

    @property
    def step(self) -> Step:
        return {"digest": self.digest, "file": self.file, "part": self.part}

    @property
    def promise(self) -> bytes:
        return f"{self.digest} {self.file} {self.part}\n".encode()

    @property
    def void(self) -> str:
        return self.part.removesuffix(PART) + VOID


def hand_over(outbox: Place, handover: Handover, step: Step, save: Callable[[Step], None]) -> str:
    """Write the file, or find that it was written before; return its name. Blocks.

    `save` stores a step, and raises what it likes where somebody else has the order now. Raises TransientFailure when
    surely nothing was handed over, UnknownOutcome when the last step was not confirmed, PermanentFailure when a file
    that is not ours has the name.
    """
    try:
        known = Staged.of_step(step) or Staged.of_mark(outbox, handover.key)
        waits = known is not None and outbox.exists(known.part)
        if known is not None and not waits and not outbox.exists(known.void):
            return known.file
        fresh = Staged(handover.digest, handover.file, f"{SENT}/{handover.key}.{token_hex(8)}{PART}")
        if known is not None and waits:
            if known.digest == handover.digest and known.file == handover.file:
                fresh = known
            elif not _withdraw(outbox, known):
                return known.file
        if fresh is not known:
            outbox.stage(fresh.part, handover.content)
        save(fresh.step)
        outbox.write(handover.mark, fresh.promise)
        release(outbox, handover, fresh.part)
    except OSError as error:
        raise transient("Writing an order into", outbox, error) from error
    return handover.file


def handed_over(outbox: Place, key: str) -> str | None:
    """Return the name of the file that was handed over under `key`, if any, whether or not the ERP took it."""
    known = Staged.of_mark(outbox, key)
    if known is not None and not outbox.exists(known.part) and not outbox.exists(known.void):
        return known.file
    return first_file(outbox, key)


def _withdraw(outbox: Place, known: Staged) -> bool:
    """Whether it could be withdrawn; otherwise its worker was quicker, and has handed it over."""
    try:
        outbox.rename(known.part, known.void)
    except FileNotFoundError:
        return outbox.exists(known.void)
    return True
