"""`upstream check`: passes or fails samples with the contract this client was built with. Asks no broker; sends nothing."""

from typing import Annotated, Any, Final

import typer

from upstream_client.sample import Judged, Problems, judged, type_called
from upstream_client.submission_file import bytes_of, items_in
from upstream_client.terminal import print_columns, print_json, warn

REJECTED: Final = 4


def check(
    file: Annotated[str, typer.Argument(help="Samples: data or CloudEvents, one or many; - is standard input.")],
    *,
    kind: Annotated[
        str | None,
        typer.Option("--type", help="What plain data are: submitted, amended, withdrawn, or a full type; default: inferred."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Also hold `source` of each CloudEvent against this short name.")] = None,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object a sample.")] = False,
) -> None:
    """Hold samples against every accepted version of their event, without sending anything.

    Warns where a mail address, a telephone number, a date of birth or a street address seems to stand in a field that is not
    marked for personal data. Exit code: 0 all fit, 2 usage, 4 one does not fit.
    """
    type_name = None if kind is None else type_called(kind)
    results = [judged(item, type_name, source) for item in items_in(bytes_of(file))]
    for result in results:
        if in_json:
            print_json(_as_json(result))
        else:
            _print(result)
    raise typer.Exit(0 if all(result.fits for result in results) else REJECTED)


def _print(result: Judged) -> None:
    told = f"record {result.number}  {result.type_name}"
    print_columns(_word(result.problems), f"{told}  {_in_words(result.problems)}".rstrip())
    for type_name, problems in result.others:
        print_columns("", f"{_word(problems)} {type_name}  {_in_words(problems)}".rstrip())
    if result.skipped:
        warn(f"record {result.number}: {result.skipped} unknown field(s); readers skip them")
    for pointer, kind in result.personal:
        warn(f"record {result.number}: {pointer} may hold a {kind.replace('-', ' ')}, and is not marked for personal data")


def _word(problems: Problems) -> str:
    return "does not fit" if problems else "fits"


def _in_words(problems: Problems) -> str:
    return ", ".join(f"{pointer or '/'} {code}" for pointer, code in problems)


def _as_json(result: Judged) -> dict[str, Any]:
    return {
        "record": result.number,
        "type": result.type_name,
        "fits": result.fits,
        "problems": _pairs(result.problems),
        "other_versions": {type_name: _pairs(problems) for type_name, problems in result.others},
        "unknown_fields": result.skipped,
        "personal": [{"pointer": pointer, "kind": kind} for pointer, kind in result.personal],
    }


def _pairs(problems: Problems) -> list[dict[str, str]]:
    return [{"pointer": pointer, "code": code} for pointer, code in problems]
