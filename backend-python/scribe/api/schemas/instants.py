"""Moments that a client names: with their time zone, and kept in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(when: datetime) -> datetime:
    try:
        return when.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
