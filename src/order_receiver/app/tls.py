"""The door's own TLS, where no proxy ends it."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from order_receiver.settings.model import Door


class UnusableCertificate(Exception):
    """The certificate or its key cannot be used."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of the certificate (with its chain) and of its key."""

    certificate: Path
    key: Path | None


def certificate_files(door: Door, base: Path) -> CertificateFiles | None:
    """The door's files, relative to the configuration; None without TLS. Raises UnusableCertificate."""
    if door.tls_certificate is None:
        return None
    files = CertificateFiles(base / door.tls_certificate, None if door.tls_key is None else base / door.tls_key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    except OSError as error:
        named = f"{files.certificate}" + (f" with the key {files.key}" if files.key else "")
        why = error.strerror if error.strerror and not isinstance(error, ssl.SSLError) else str(error)
        raise UnusableCertificate(
            f"The TLS certificate {named} cannot be used: {why}. Correct door.tls_certificate and door.tls_key."
        ) from error
    return files
