"""Which providers may vouch for whom: environment `BLUELAMP_OIDC_*`, or a file for several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bluelamp.spine.policy import ROLES
from bluelamp.spine.secret_files import FromFiles

SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures with a key that only the provider holds. `none` and the HS family can never be allowed."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_address(url: str) -> bool:
    """Whether what comes from there can be believed: over TLS, or from this very machine."""
    address = urlsplit(url)
    return address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)


class Provider(BaseModel):
    """One provider, and what its word is worth here: only the agencies and roles that this names can come from it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str = Field("main", pattern=r"^[a-z0-9-]{1,32}$")
    name: str = Field("your force", min_length=1, max_length=60)
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    client_authentication: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    scopes: str = "openid profile"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    groups_claim: str = "groups"
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    agency: str = ""
    agency_claim: str = ""
    agencies: dict[str, str] = Field(default_factory=dict)
    unit_claim: str = ""
    username_claim: str = "preferred_username"

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        if not is_safe_address(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise ValueError("an issuer is an https address without query (http only on this machine)")
        return issuer

    @field_validator("algorithms")
    @classmethod
    def _strong(cls, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        if not algorithms or set(algorithms) - SIGNATURES:
            raise ValueError(f"choose signatures among {', '.join(sorted(SIGNATURES))}")
        return algorithms

    @field_validator("roles")
    @classmethod
    def _known(cls, roles: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = {role for held in roles.values() for role in held} - set(ROLES)
        if unknown:
            raise ValueError(f"there is no role {', '.join(sorted(unknown))}; choose among {', '.join(ROLES)}")
        return roles


class OidcSettings(FromFiles, BaseSettings):
    """Sign-in through an OpenID Connect provider; docs/identity.md walks through it. Without an issuer or a file: none."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_OIDC_", extra="ignore", frozen=True, hide_input_in_errors=True)

    issuer: str = Field("", description="The provider's issuer, exactly as its discovery document says it. Empty: no such sign-in.")
    client_id: str = Field("", description="What the provider calls this platform.")
    client_secret: SecretStr = Field(SecretStr(""), description="The client's secret. Empty: a public client, safe by PKCE alone.")
    name: str = Field("your force", description="What the button on the sign-in page says after 'Continue with'.")
    scopes: str = Field("openid profile", description="Scopes to ask for; those that carry groups and agency among them.")
    groups_claim: str = Field("groups", description="The claim that lists a person's groups.")
    roles: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description='Roles by group, as JSON: `{"anpr-analysts": ["analyst"]}`. Who is in none is refused.'
    )
    agency: str = Field("", description="Code of the agency that all people of this provider belong to.")
    agency_claim: str = Field("", description="The claim that says which agency a person belongs to, where they are of several.")
    agencies: dict[str, str] = Field(
        default_factory=dict, description="Agency codes by value of that claim, as JSON. The provider can vouch for no other agency."
    )
    unit_claim: str = Field(
        "",
        description="The claim that holds the code of a person's unit. Empty: units come from the directory's import alone.",
    )
    username_claim: str = Field("preferred_username", description="The claim that a new account's username is made from.")
    providers_file: Path | None = Field(
        None, description="JSON list of providers, each with the members above and `id`, for a platform that several forces share."
    )


def configured(settings: OidcSettings) -> dict[str, Provider]:
    """All providers by id.

    Raises:
        ValueError: something in the settings or the file cannot be, and what.
    """
    found: list[Provider] = []
    if settings.issuer:
        found.append(Provider(**settings.model_dump(exclude={"providers_file"})))
    if settings.providers_file is not None:
        found += [Provider(**entry) for entry in json.loads(settings.providers_file.read_text("utf-8"))]
    for a_list, what in ((p.id for p in found), "id"), ((p.issuer for p in found), "issuer"):
        told = list(a_list)
        if len(told) != len(set(told)):
            raise ValueError(f"two OpenID Connect providers have the same {what}")
    return {provider.id: provider for provider in found}
