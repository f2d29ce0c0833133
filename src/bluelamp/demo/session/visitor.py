"""People of the nation who use the platform as people do: with an account, a password and a browser's session."""

from __future__ import annotations

import secrets

import httpx

from bluelamp.demo.session.client import PlatformClient, RefusedError, refusal


class Visitor(PlatformClient):
    """A browser's session of one of the nation's own people, opened for the purpose and closed afterwards."""

    async def sign_in(self, nation: PlatformClient, username: str, name: str, agency: str, role: str) -> None:
        """Creates the account if need be and signs in with a password that nobody learns."""
        question = {"username": username, "name": name, "agency": agency, "roles": [role]}
        try:
            user = await nation.ask("POST", "/v1/users", json=question)
        except RefusedError as error:
            if error.status != 409:
                raise
            user = next(item for item in await nation.items(f"/v1/users?q={username}") if item["username"] == username)
        one_time = (await nation.ask("POST", f"/v1/users/{user['id']}/password"))["password"]
        self._http.headers["X-Bluelamp"] = "1"
        await self._open(username, one_time)
        own = secrets.token_urlsafe(24)
        await self.ask("POST", "/v1/me/password", json={"current": one_time, "new": own})
        await self._open(username, own)

    async def _open(self, username: str, password: str) -> None:
        answer: httpx.Response = await self._http.post("/v1/session", json={"username": username, "password": password})
        if not answer.is_success:
            raise refusal(answer)

    async def __aexit__(self, *_: object) -> None:
        await self._http.delete("/v1/session")
        await self._http.aclose()
