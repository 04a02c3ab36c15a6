"""A user with an API token, put straight into the database: nobody is there to sign in by hand."""

from uuid import UUID

from chaos.database import Database
from scribe.core.ids import uuid7
from scribe.core.tokens import SHOWN_CHARACTERS, digest, new_api_token


def make_user(database_url: str, username: str, role: str = "admin") -> str:
    """The token, with every scope that the role allows."""
    database, user_id = Database(database_url), uuid7()
    database.rows(
        "insert into users (id, username, password_hash, role) values ($1, $2, '!', $3)", user_id, username, role
    )
    return add_token(database, user_id, ["read", "write", *(["admin"] if role == "admin" else [])])


def add_token(database: Database, user_id: UUID, scopes: list[str]) -> str:
    token = new_api_token()
    database.rows(
        "insert into api_tokens (id, user_id, name, token_hash, prefix, scopes) values ($1, $2, 'chaos', $3, $4, $5)",
        uuid7(),
        user_id,
        digest(token),
        token[:SHOWN_CHARACTERS],
        scopes,
    )
    return token
