"""Where hand-overs may go: an administrator names a partner's address, the operator names the hosts that may be named."""

from __future__ import annotations

from urllib.parse import urlsplit

from bluelamp.incidents.settings import incident_settings
from bluelamp.spine.errors import InvalidError

PORTS = {"http": 80, "https": 443}


class AddressError(InvalidError):
    code = "address_not_allowed"


def checked_url(url: str) -> str:
    """The same address.

    Raises:
        AddressError: not http or https, with a name or password in it, or at a host that the operator has not allowed.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise AddressError("the url is not an address such as https://control.example/handovers") from None
    if parts.scheme not in PORTS or not host or not url.isascii() or any(sign.isspace() for sign in url):
        raise AddressError("the url begins with https:// (or http:// within a closed network) and names a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressError("the url holds no name, password or fragment: the partner's key is given as their_key")
    allowed = {one.strip().lower() for one in incident_settings().partner_hosts}
    if not ({f"{host}:{port}"} & allowed or (host in allowed and port == PORTS[parts.scheme])):
        raise AddressError(
            f"{host[:100]}:{port} is not among the hosts that this platform may speak to: the operator lists it in"
            " BLUELAMP_INCIDENTS_PARTNER_HOSTS, as host or host:port"
        )
    return url
