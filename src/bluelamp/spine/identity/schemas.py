"""Wire shapes of identity."""

from __future__ import annotations

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


class Me(BaseModel):
    """The signed-in person. `agency`, `roles`, `unit` and `rank` are of the post that this session acts in (`acting`).

    `password_change_needed`: the password is an administrator's; choose your own first.
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


class UserItem(BaseModel):
    id: str
    username: str
    name: str
    agency: AgencyRef
    roles: list[str]
    active: bool
    has_password: bool
    password_change_needed: bool


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
