"""The sample messages with the heads that carried them, byte for byte."""

from dataclasses import dataclass
from pathlib import Path

from order_receiver.contract.form import Form

FOLDER = Path(__file__).parents[2] / "data" / "samples"
KINDS = ["minimal", "seed", "lines30", "b2b", "payments", "nulls", "external", "utc"]
SENDERS: dict[str, Form] = {
    "newtonsoft": Form.JSON,
    "system-text": Form.JSON,
    "data-contract-json": Form.JSON,
    "data-contract-xml": Form.XML,
    "mono-legacy": Form.XML,
    "mono-soap11": Form.SOAP11,
    "framework-soap11": Form.SOAP11,
    "mono-soap12": Form.SOAP12,
    "mono-soap12-addressing": Form.SOAP12,
}
"""Who wrote samples, and in which form."""


@dataclass(frozen=True)
class Sample:
    """One message, and the lines of its head in its sender's order."""

    body: bytes
    lines: tuple[str, ...]

    def head(self, authorization: str | None = "") -> bytes:
        """The sender's own head; with other credentials, or none, where they are given."""
        lines = self.lines if authorization == "" else tuple(filter(lambda line: not _is_credentials(line), self.lines))
        more = (f"Authorization: {authorization}",) if authorization else ()
        return "\r\n".join((*lines, *more, "", "")).encode("latin-1")

    @property
    def expects(self) -> bool:
        """Waits for 100 Continue before it sends the body."""
        return "Expect: 100-continue" in self.lines

    @property
    def chunked(self) -> bool:
        """Sends the body in chunks, without saying its length."""
        return "Transfer-Encoding: chunked" in self.lines


def sample(sender: str, kind: str) -> Sample:
    """The order of a kind as this sender sends it."""
    written, form = sender.removesuffix("-json").removesuffix("-xml"), SENDERS[sender]
    path = FOLDER / f"{written}-{kind}.{'json' if form is Form.JSON else 'xml'}"
    beside = path.with_name(f"{path.name}.headers")
    head = beside if beside.exists() else path.with_suffix(".headers")
    return Sample(
        path.read_bytes(), tuple(line.strip() for line in head.read_text("ascii").splitlines() if line.strip())
    )


def _is_credentials(line: str) -> bool:
    return line.startswith("Authorization:")
