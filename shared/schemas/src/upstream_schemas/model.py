"""What every record and every event has in common: strictness, limits, and the types of their fields.

Must not know any single event.
"""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import core_schema

EVENT_BYTES_MAX: Final = 256 * 1024  # a larger value from outside gets the verdict `oversize`
# A time at the edges of the calendar cannot be turned into UTC.
YEARS_MIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEARS_MAX: Final = datetime(9999, 1, 1, tzinfo=UTC)
_WRITTEN_OUT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"


class _Rfc3339:
    """Reads a time from JSON only where it is written out with its offset.

    Pydantic alone also takes epoch numbers in quotes, even when strict; a validator in front of it would make strict
    times refuse every text.
    """

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        moment = core_schema.datetime_schema(ge=YEARS_MIN, lt=YEARS_MAX, tz_constraint="aware", strict=False)
        text = core_schema.chain_schema([core_schema.str_schema(pattern=_WRITTEN_OUT), moment])
        return core_schema.json_or_python_schema(text, {**moment, "strict": True})

    def __get_pydantic_json_schema__(self, _: object, __: object) -> dict[str, str]:
        return {"type": "string", "format": "date-time", "pattern": _WRITTEN_OUT}


def _without_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("a value stands twice")
    return values


Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Codes = Annotated[tuple[Code, ...], AfterValidator(_without_repeats), Field(json_schema_extra={"uniqueItems": True})]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Paragraph = Annotated[str, StringConstraints(max_length=4000)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^UP-[0-9A-Z]{4}-[0-9A-Z]{4}$")]
Moment = Annotated[datetime, _Rfc3339()]
Partition = Annotated[int, Field(ge=0, le=(1 << 31) - 1)]
Offset = Annotated[int, Field(ge=0, le=(1 << 63) - 1)]
Id = UUID


class Record(BaseModel):
    """A frozen, strict group of fields. Writers are refused unknown fields; readers skip and count them."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Event(Record):
    """One fact in one version. A released version never changes: a change is a new class beside the old one.

    TYPE is its name on the wire, `<producer>.<subject>.<past participle>.v<N>`. Classes without a TYPE only share fields.
    """

    TYPE: ClassVar[str]
