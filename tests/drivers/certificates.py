"""A certificate authority and one server certificate for 127.0.0.1, which the servers and the proxy
both show: so a driver sees the same one either way. A second authority is there to be refused."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VALID = datetime.timedelta(days=2)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, public_key, issuer, signing_key, extensions):
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
               .public_key(public_key).serial_number(x509.random_serial_number())
               .not_valid_before(now - VALID).not_valid_after(now + VALID))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing_key, hashes.SHA256())


def _write(folder, name, certificate, key=None):
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    if key:
        (folder / f"{name}-key.pem").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()))


def _authority(name):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True,
                          content_commitment=False, key_encipherment=False, encipher_only=False,
                          data_encipherment=False, key_agreement=False, decipher_only=False)
    return key, _certificate(name, key.public_key(), name, key,
                             [(x509.BasicConstraints(ca=True, path_length=0), True),
                              (usage, True)])


def make(folder):
    """Writes ca.pem, wrong-ca.pem, server.pem and server-key.pem."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, ca = _authority("drivers' authority")
    _write(folder, "ca", ca)
    _write(folder, "wrong-ca", _authority("another authority")[1])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = x509.SubjectAlternativeName([
        x509.DNSName("localhost"), x509.DNSName("127.0.0.1"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = _certificate("127.0.0.1", key.public_key(), "drivers' authority", ca_key,
                               [(names, False)])
    _write(folder, "server", certificate, key)
    # With the authority behind it: a server sends the whole chain that it knows.
    with open(folder / "server.pem", "ab") as chain:
        chain.write(ca.public_bytes(serialization.Encoding.PEM))
