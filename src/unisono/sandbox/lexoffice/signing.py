"""The key that signs callbacks. It is printed here on purpose: a simulator's signature protects nothing."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HEADER = "X-Lxo-Signature"
PUBLIC_PATH = "/webhookSignature/public/public_key.pub"
_E = 65537
_P = int(
    "fcc57ac18a18ce0f4ca27bb966c0e4634483af988653aa6752dddc9423ccd926afa6532ac346245b45f6d253d8256658715e2dca7fd803edf30f0e07091ae513"
    "15711cfc192bab3ad03ef68e0f3c451e99d709b3b70887b47680f990ffb727e487914b17bf788c8e3670f266730ac6789d51406af1aa5651fe9e4676572f6ef7",
    16,
)
_Q = int(
    "ea5f3bd43b0fc9084a8b17a46032f7af0c8f3dad784d90c452ae5d38b2b8b7a2a99237abcc0bfc3784599ff2456f88a17fc73d2f748454f84a7a514f44dbe848"
    "5ac2a5f4c38331a08edc98ad7a9833f703361968444d4ab81cd664cd7628823fbc65a301c3030939fd5dee3a833e527e59b9486364451c25f011ccc86c69d275",
    16,
)


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    """2048 bits, where the vendor has 4096: half a millisecond a signature."""
    d = pow(_E, -1, (_P - 1) * (_Q - 1))
    public = rsa.RSAPublicNumbers(_E, _P * _Q)
    return rsa.RSAPrivateNumbers(_P, _Q, d, d % (_P - 1), d % (_Q - 1), pow(_Q, -1, _P), public).private_key()


def signature(body: bytes) -> str:
    """RSA, PKCS#1 v1.5, SHA-512 over the raw body, in base64."""
    return base64.b64encode(_key().sign(body, padding.PKCS1v15(), hashes.SHA512())).decode("ascii")


def public_pem() -> bytes:
    """The public key, as the vendor publishes its own."""
    return _key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
