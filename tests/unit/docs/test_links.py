"""Every relative link leads somewhere, and every page is reached from the index."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
SOURCE = re.compile(r"(?:src|href|srcset)=\"([^\"]+)\"")


def links(text: str) -> Iterator[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"`[^`\n]*`", "", prose)
    for pattern in (LINK, SOURCE):
        yield from (link for link in pattern.findall(prose) if "://" not in link and not link.startswith("mailto:"))


def test_links_resolve(texts: Mapping[Path, str], anchors: Mapping[Path, frozenset[str]], root: Path) -> None:
    broken = []
    for path, text in texts.items():
        for link in links(text):
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            known = target.exists() and (not anchor or anchor in anchors.get(target, frozenset()))
            if not known:
                broken.append(f"{path.relative_to(root)}: {link}")
    assert not broken, "\n".join(broken)


def test_every_page_is_in_the_index(texts: Mapping[Path, str], root: Path) -> None:
    index = root / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(texts[index])}
    pages = {path for path in texts if path.is_relative_to(root / "docs") and "adr" not in path.parts} - {index}
    assert not sorted(str(path.relative_to(root)) for path in pages - named)
