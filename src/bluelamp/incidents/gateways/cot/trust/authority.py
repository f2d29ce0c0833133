"""The installation's own certificate authority for TAK devices: one key, given by the deployment or made in the data folder."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bluelamp.incidents.gateways.cot.trust.errors import AuthorityError, RequestError

FILE = Path("secrets") / "cot-authority.pem"
"""Within the data folder: certificate and key."""
YEARS = 10
SERVER_DAYS = 90
"""The server's own certificate is made anew at each start."""
BUNDLE_PASSWORD = b"atakatak"
EARLIER = dt.timedelta(hours=1)
"""Certificates begin earlier than now: a device's clock may be behind."""


class Signed(NamedTuple):
    """A device's certificate: its serial number in hexadecimal as TLS tells it, and the certificate in PEM."""

    serial: str
    pem: bytes
    expires_at: dt.datetime


def serial_of(number: int) -> str:
    """As Python's `getpeercert` writes it."""
    text = f"{number:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


class Authority:
    """Signs; use `load`."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def load(cls, data: Path, given: str) -> Authority:
        """From the PEM that the deployment gave, or of the data folder, where it is made if it is not there.

        Raises:
            AuthorityError: something is there that is no certificate with its key.
        """
        if given:
            return cls._parse(given.encode())
        path = data.expanduser() / FILE
        if not path.exists():
            made = cls._make()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(path, made.pem + made.key_pem())
        return cls._parse(path.read_bytes())

    @classmethod
    def _parse(cls, pem: bytes) -> Authority:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise AuthorityError("the CoT gateway's authority is not a PEM file with a certificate and its key: see docs/tak.md") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise AuthorityError("the CoT gateway's authority needs an elliptic-curve key that belongs to its certificate: see docs/tak.md")
        return cls(certificate, key)

    @classmethod
    def _make(cls) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bluelamp TAK devices")])
        usage = x509.KeyUsage(
            digital_signature=False, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = _builder(name, name, key.public_key(), dt.timedelta(days=YEARS * 365))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(usage, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def sign(self, request: bytes, person: str, agency: str, device: str, days: int) -> Signed:
        """A certificate for the key of a request (PEM or base64). What it says about itself is not taken from the request.

        Raises:
            RequestError: it is no request, it is not signed with its own key, or the key is too weak.
        """
        asked = _request(request)
        attributes = ((NameOID.COMMON_NAME, person), (NameOID.ORGANIZATION_NAME, agency), (NameOID.ORGANIZATIONAL_UNIT_NAME, device))
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
        builder = _builder(subject, self.certificate.subject, asked.public_key(), dt.timedelta(days=days))
        signed = self._finish(builder, ExtendedKeyUsageOID.CLIENT_AUTH)
        pem = signed.public_bytes(serialization.Encoding.PEM)
        return Signed(serial_of(signed.serial_number), pem, signed.not_valid_after_utc)

    def bundle(self, signed: Signed) -> bytes:
        """A device's certificate and ours as PKCS #12, without a key: what version 1 of enrolment answers.

        The password and the names are those that clients look for. It holds nothing secret, so the cipher is one that old ones know.
        """
        certificate = x509.load_pem_x509_certificate(signed.pem)
        kinds = serialization.PrivateFormat.PKCS12.encryption_builder()
        cipher = kinds.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())  # noqa: S303 - see above
        certificates = [pkcs12.PKCS12Certificate(certificate, b"signedCert"), pkcs12.PKCS12Certificate(self.certificate, b"ca0")]
        return pkcs12.serialize_key_and_certificates(None, None, None, certificates, cipher.build(BUNDLE_PASSWORD))

    def server_context(self, names: list[str], *, clients: bool) -> ssl.SSLContext:
        """For a door of ours under these names; with `clients` it lets in only who has a certificate of this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        builder = _builder(subject, self.certificate.subject, key.public_key(), dt.timedelta(days=SERVER_DAYS))
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        certificate = self._finish(builder, ExtendedKeyUsageOID.SERVER_AUTH)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        pem = certificate.public_bytes(serialization.Encoding.PEM) + self.pem
        pem += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL reads files only
            path = Path(folder) / "server.pem"
            _write_private(path, pem)
            context.load_cert_chain(path)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.pem.decode())
        return context

    def _finish(self, builder: x509.CertificateBuilder, purpose: x509.ObjectIdentifier) -> x509.Certificate:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).add_extension(issuer, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: object, lives: dt.timedelta) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)  # type: ignore[arg-type]
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - EARLIER).not_valid_after(now + lives)


def _alternative(name: str) -> x509.GeneralName:
    import ipaddress  # noqa: PLC0415 - only here

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _request(body: bytes) -> x509.CertificateSigningRequest:
    text = body.strip()
    if not text.startswith(b"-----"):
        text = b"-----BEGIN CERTIFICATE REQUEST-----\n" + text + b"\n-----END CERTIFICATE REQUEST-----\n"
    try:
        asked = x509.load_pem_x509_csr(text.replace(b"NEW CERTIFICATE REQUEST", b"CERTIFICATE REQUEST"))
        key = asked.public_key()
        good = asked.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RequestError("send a certificate request (PKCS #10) in PEM or base64") from None
    strong = key.key_size in range(2048, 8193) if isinstance(key, rsa.RSAPublicKey) else isinstance(key, ec.EllipticCurvePublicKey)
    if not good or not strong:
        raise RequestError("the request needs a valid signature, and an RSA key of 2048 to 8192 bits or an elliptic-curve key")
    return asked


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)
