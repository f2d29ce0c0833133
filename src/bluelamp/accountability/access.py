"""Named permissions of accountability and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import Permission

PERMISSIONS: tuple[Permission, ...] = ()
