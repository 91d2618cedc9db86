"""Settings of the adapter `sftp`."""

from collections.abc import Hashable, Mapping
from posixpath import normpath
from typing import Annotated

from msgspec import Meta

from order_receiver.settings.section import Secret
from order_receiver.settings.targets.base import Target


class SftpTarget(Target, tag="sftp", frozen=True, kw_only=True):
    """An ERP that takes files from an outbox on an SFTP server and answers with files in an inbox there."""

    host: Annotated[str, Meta(description="name or address of the SFTP server")]
    port: Annotated[int, Meta(ge=1, le=65535, description="port of the SFTP server")] = 22
    user: Annotated[str, Meta(description="user at the server")]
    password: Annotated[Secret | None, Meta(description="of the user; this or `private_key`")] = None
    private_key: Annotated[
        Secret | None, Meta(description="of the user, in OpenSSH's form or PEM; this or `password`")
    ] = None
    passphrase: Annotated[Secret | None, Meta(description="of the private key, where it has one")] = None
    host_key: Annotated[
        str | None,
        Meta(description="the server's public key, such as `ssh-ed25519 AAAA...`; this or `known_hosts`"),
    ] = None
    known_hosts: Annotated[
        str | None, Meta(description="file in OpenSSH's form that has the server's key; this or `host_key`")
    ] = None
    outbox: Annotated[str, Meta(description="folder at the server that the mapped orders are written into")]
    inbox: Annotated[
        str | None,
        Meta(description="folder at the server with the ERP's answer files; none: the number never comes"),
    ] = None
    timeout: Annotated[float, Meta(gt=0, description="seconds for connecting, and for one answer of the server")] = 30.0

    def __post_init__(self) -> None:
        if (self.host_key is None) == (self.known_hosts is None):
            raise ValueError("says in exactly one way which host key is right: `host_key` or `known_hosts`")
        if (self.password is None) == (self.private_key is None):
            raise ValueError("logs in in exactly one way: with `password` or with `private_key`")
        if self.passphrase is not None and self.private_key is None:
            raise ValueError("has a `passphrase`, but no `private_key` it could belong to")
        if self.inbox is not None and self.inbox.rstrip("/") == self.outbox.rstrip("/"):
            raise ValueError("has the same folder as `outbox` and `inbox`; give each its own")

    def places(self) -> Mapping[str, Hashable]:
        """Its folders at the server; two users of it may see different ones under one name."""
        server = ("sftp", self.host.lower(), self.port, self.user)
        folders = {"outbox": self.outbox, "inbox": self.inbox}
        return {name: (*server, normpath(folder)) for name, folder in folders.items() if folder is not None}

    @property
    def number_setting(self) -> str:
        return "inbox" if self.inbox is None else ""
