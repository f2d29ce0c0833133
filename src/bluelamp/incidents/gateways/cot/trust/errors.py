"""Named failures of enrolment and of the authority."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError, ForbiddenError, InvalidError, NotFoundError, UnauthenticatedError


class AuthorityError(BluelampError):
    code = "cot_authority_unusable"


class RequestError(InvalidError):
    code = "certificate_request_unusable"


class NoSuchDeviceError(NotFoundError):
    code = "no_such_device"


class DeviceRefusedError(UnauthenticatedError):
    """The certificate is one of ours, and opens nothing any more."""

    code = "device_refused"
    headers = {}  # noqa: RUF012 - there is nothing to challenge: the certificate is the credential


class ForgedUidError(ForbiddenError):
    code = "not_your_uid"


class EnrolmentRefusedError(UnauthenticatedError):
    """One answer for an unknown token, one that was used, and one that is over."""

    code = "enrolment_refused"
    headers = {"WWW-Authenticate": 'Basic realm="Bluelamp TAK enrolment"'}  # noqa: RUF012
