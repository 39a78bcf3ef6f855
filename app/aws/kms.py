"""The App's private key in KMS: it signs there and never leaves."""

from __future__ import annotations

from botocore.exceptions import ClientError

from app.aws.clients import Clients, code_of, translated
from app.errors import TransientError, UserError

PREFIX = "kms:"
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
_UNUSABLE_SECONDS = 300.0
# States that pass by themselves or by an operator's hand; the key itself is right.
_LATER = {"KMSInvalidStateException", "KeyUnavailableException", "KMSInternalException", "DependencyTimeoutException"}


class KmsKey:
    """Implements `github.app_key.AppKey` with an RSA key for signing; `key` is its id, ARN or alias."""

    def __init__(self, key: str, clients: Clients) -> None:
        self._key = key
        self._kms = clients.get("kms")

    def sign(self, message: bytes) -> bytes:
        """At most 4,096 bytes, which is KMS's limit; an App's token is about 200."""
        try:
            with translated(f"sign with the key `{self._key}`"):
                signature: bytes = self._kms.sign(
                    KeyId=self._key, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM
                )["Signature"]
                return signature
        except ClientError as error:
            code, said = code_of(error), error.response.get("Error", {}).get("Message", "")
            if code in _LATER:
                raise TransientError(
                    f"The key `{self._key}` cannot be used now: {said}", retry_after_seconds=_UNUSABLE_SECONDS
                ) from error
            mend = "It must be an RSA key of at least 2,048 bits for signing and verifying, and enabled."
            raise UserError(f"The key `{self._key}` cannot sign ({code}: {said}). {mend}") from error

    def renew(self) -> bool:
        """An alias is looked up by KMS at every use, so there is nothing to read again."""
        return False
