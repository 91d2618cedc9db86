"""Which host is called, and with which scope: the environment decides both. (norce: authentication, hosts)"""

from order_receiver.settings.addresses import is_label, is_plain, url_fault
from order_receiver.settings.model import Norce

IDENTITY_PATH = "/identity/1.0/connect/token"
CONNECT_PATH = "/commerce/connect/4.0/"

_SCOPES = {"playground": "playground", "stage": "stage", "production": "prod"}


def base_url(norce: Norce, *, allow_plain: bool = False) -> str:
    """The only origin that is ever called, without a slash at its end.

    Raises ValueError where the parts make no host, and where secrets would travel without TLS: plain HTTP is for
    this machine, or for a development set-up that asks for it with `allow_plain`.
    """
    url = (norce.base_url or _named(norce)).rstrip("/")
    if fault := url_fault(url):
        raise ValueError(f"norce.base_url {fault}.")
    if is_plain(url) and not allow_plain:
        raise ValueError("norce.base_url must begin with https://: the client secret is sent there.")
    return url


def scope(norce: Norce) -> str:
    """The scope that the environment's host wants, or the one the settings name."""
    return norce.scope or _SCOPES[norce.environment]


def _named(norce: Norce) -> str:
    slug = norce.slug or ""
    for key, label in (("slug", slug), ("region", norce.region)):
        if not is_label(label):
            raise ValueError(f'norce.{key} "{label}" cannot be part of a host name.')
    environment = "" if norce.environment == "production" else f".{norce.environment}"
    return f"https://{slug}.api-{norce.region}{environment}.norce.tech"
