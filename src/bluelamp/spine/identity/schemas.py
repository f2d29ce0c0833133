"""Wire shapes of identity."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from bluelamp.spine.wire import AgencyRef, Instant, Question

Password = Field(max_length=1024)


class SignInQuestion(Question):
    username: str = Field(max_length=200)
    password: SecretStr = Password


class PasswordQuestion(Question):
    current: SecretStr = Password
    new: SecretStr = Password


class TokenQuestion(Question):
    """Asking for the password again keeps a thief of a session from making it last."""

    password: SecretStr = Password
    label: str = Field(min_length=1, max_length=120, examples=["night export"])
    days: int = Field(30, ge=1, le=3650)


class UserQuestion(Question):
    username: str = Field(max_length=64, examples=["j.hallam"])
    name: str = Field(max_length=120)
    roles: list[str] = Field(max_length=20, examples=[["officer"]])
    agency: str | None = Field(None, max_length=8, description="Code; your own agency where it is left out.")


class UserChanges(Question):
    name: str | None = Field(None, max_length=120)
    roles: list[str] | None = Field(None, max_length=20)
    active: bool | None = None


class PostItem(BaseModel):
    """A post in force: where somebody works, as what. `kind`: `home` or `secondment`."""

    id: str
    agency: AgencyRef
    kind: str
    roles: list[str]
    unit: str
    unit_name: str
    rank: str


class SessionTold(BaseModel):
    """The browser's session. `failed_before`: sign-ins that failed in your name before this one, the latest at `failed_at`;
    `locked_out_before`: so many that your password was not accepted for a while.
    """

    id: str
    method: Literal["password", "passkey", "provider"]
    opened_at: Instant
    expires_at: Instant
    lock_minutes: int
    failed_before: int
    failed_at: Instant | None
    locked_out_before: bool


class Me(BaseModel):
    """The signed-in person. `agency`, `roles`, `unit` and `rank` are of the post that this session acts in (`acting`).

    `password_change_needed`: the password is an administrator's; choose your own first.

    `session` is null for a program with a token.
    """

    id: str
    username: str
    name: str
    agency: AgencyRef
    roles: list[str]
    permissions: list[str]
    password_change_needed: bool
    unit: str = ""
    rank: str = ""
    acting: str = ""
    posts: list[PostItem] = []
    has_password: bool
    passkeys: int
    session: SessionTold | None


class UserItem(BaseModel):
    id: str
    username: str
    name: str
    agency: AgencyRef
    roles: list[str]
    active: bool
    has_password: bool
    password_change_needed: bool
    locked_until: Instant | None = Field(None, description="Too many sign-ins have failed: the password is not accepted until then.")
    unit: str = ""
    rank: str = ""
    status: str = Field("", description="active, closed (by an administrator), left, or joins (the first post is yet to begin).")


class OneTimePassword(BaseModel):
    """Shown once. It works until `hours` have passed and opens nothing but the choice of a new one."""

    password: str
    hours: int


class TokenItem(BaseModel):
    id: str
    label: str
    created_at: Instant
    used_at: Instant
    expires_at: Instant


class NewToken(TokenItem):
    """`token` is shown once; send it as `Authorization: Bearer`."""

    token: str


class PasskeyAnswer(Question):
    """What the browser's authenticator answered, as `PublicKeyCredential.toJSON()` gives it."""

    passkey: dict[str, Any]


class ProofQuestion(Question):
    """One of the two."""

    passkey: dict[str, Any] | None = None
    password: SecretStr | None = Field(None, max_length=1024)


class PasskeyName(Question):
    name: str = Field(max_length=120, examples=["my phone"])


class PasskeyQuestion(PasskeyName):
    passkey: dict[str, Any]


class PasskeyItem(BaseModel):
    """`address`: the domain it belongs to. `suspended`: its counter went back, so there may be a copy; it opens nothing."""

    id: str
    name: str
    address: str
    created_at: Instant
    used_at: Instant | None
    backed_up: bool
    suspended: bool


class SessionItem(BaseModel):
    """A browser in which you are signed in. `device` is what it says of itself; `here`: this one."""

    id: str
    device: str
    address: str
    method: Literal["password", "passkey", "provider"]
    opened_at: Instant
    used_at: Instant
    expires_at: Instant
    locked: bool
    here: bool
