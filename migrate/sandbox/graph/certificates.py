"""Certificates of the sandbox: the application's own, and the one that its servers show."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A private key with its self-signed certificate, both in PEM."""

    key_pem: str = field(repr=False)
    certificate_pem: str
    sha1: str
    """The thumbprint Entra's portal shows, in upper-case hex."""
    sha256: str

    @property
    def pem(self) -> str:
        """Both in one file."""
        return self.key_pem + self.certificate_pem

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        """For checking the application's signatures."""
        key = x509.load_pem_x509_certificate(self.certificate_pem.encode()).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise TypeError("an application's certificate is an RSA one")
        return key


def application_certificate() -> Certificate:
    """For the application; RSA, as Entra asks. It takes a while, so make one and pass it on."""
    return _signed(rsa.generate_private_key(public_exponent=65537, key_size=2048), "transhume")


def server_certificate(host: str) -> Certificate:
    """For a server on that address; it is its own authority."""
    return _signed(ec.generate_private_key(ec.SECP256R1()), "Les Tilleuls, sandbox", host)


def thumbprint(value: str) -> str:
    """A thumbprint as a JWT header writes it: base64url of its bytes."""
    return base64.urlsafe_b64encode(bytes.fromhex(value)).decode().rstrip("=")


def _signed(key: PrivateKey, name: str, host: str = "") -> Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )
    if host:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host)), x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificate(
        key_pem=pem.decode(),
        certificate_pem=made.public_bytes(serialization.Encoding.PEM).decode(),
        sha1=made.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303  # a name, not a proof
        sha256=made.fingerprint(hashes.SHA256()).hex().upper(),
    )
