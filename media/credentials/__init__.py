"""Content credentials (C2PA): what a video says of how it was made, signed, so that changes show.

c2pa-python does the work. Nothing here touches the network, unless a time-stamp authority is named.
"""

from media.credentials.certificate import TEST_NAME, SigningKey, local_signing_key, read_signing_key
from media.credentials.read import Credentials, read_credentials
from media.credentials.sign import Claim, sign_mp4

__all__ = [
    "TEST_NAME",
    "Claim",
    "Credentials",
    "SigningKey",
    "local_signing_key",
    "read_credentials",
    "read_signing_key",
    "sign_mp4",
]
