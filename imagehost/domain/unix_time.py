"""Convert times to whole microseconds since 1970-01-01 UTC, and back, without rounding."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def unix_microseconds(moment: datetime) -> int:
    """Return the microseconds from the epoch to a time, which has a time zone."""
    return (moment - EPOCH) // MICROSECOND


def moment_at(microseconds: int) -> datetime:
    """Return the time in UTC, from microseconds since the epoch. Raises OverflowError after the year 9999."""
    return EPOCH + microseconds * MICROSECOND
