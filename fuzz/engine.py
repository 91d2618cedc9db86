"""One fuzzer, in a process of its own: `python -m fuzz.engine TARGET LIBFUZZER_ARGUMENTS`.

Atheris must see our modules while they are loaded, so they are loaded here and nowhere before.
"""

import sys

import atheris

with atheris.instrument_imports(include=["order_receiver"]):
    from fuzz.examination import examine
    from fuzz.mutation import mutate
    from fuzz.words import words


def main() -> None:
    """Fuzz one target until libFuzzer has had enough; it ends the process itself."""
    target = sys.argv.pop(1)
    known = [word.encode() for word in words(target)]

    def change(body: bytes, most: int, seed: int) -> bytes:
        """Our own changes every second time, libFuzzer's otherwise."""
        changed: bytes = mutate(body, seed, known) if seed % 2 else atheris.Mutate(body, most)
        return changed[:most]

    atheris.Setup(sys.argv, lambda body: examine(target, body), custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
