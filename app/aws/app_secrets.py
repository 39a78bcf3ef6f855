"""Putting the App's secrets into Secrets Manager, for `lamplighter app create` and for rotating them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from app.aws.clients import Clients, code_of, translated
from app.errors import UserError


class AppSecrets:
    """Secrets by name. Raises UserError for what a person can fix, TransientError when AWS is away."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def is_there(self, name: str) -> bool:
        """Whether a secret of this name exists; also tells whether we may ask."""
        with translated(f"look for the secret `{name}`"):
            try:
                answer = self._clients.get("secretsmanager").describe_secret(SecretId=name)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return False
                raise
        if answer.get("DeletedDate"):
            raise UserError(
                f"The secret `{name}` is scheduled for deletion: restore it, or choose other names with --prefix."
            )
        return True

    def keep(self, name: str, value: str, description: str) -> None:
        """Make the secret, or give it a new value; the old one stays as AWSPREVIOUS."""
        client = self._clients.get("secretsmanager")
        with translated(f"write the secret `{name}`"):
            try:
                client.create_secret(Name=name, Description=description, SecretString=value)
            except ClientError as error:
                if code_of(error) != "ResourceExistsException":
                    raise
                client.put_secret_value(SecretId=name, SecretString=value)
