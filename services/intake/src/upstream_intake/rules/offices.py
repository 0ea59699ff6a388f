"""The rows of the redirect directory, version 1. Every number and address is to be confirmed by the city.

A number stands here only where a public page or guide states it; everything else is reached through PDX 311, which the
city calls its single point of contact. The city's list of issues that Community Safety does not manage has lost its
items in every stored copy, so the kinds are gathered from the PDX 311 page and from guides for Portland neighbourhoods.
"""

from datetime import date

from upstream_intake.rules.directory import ALWAYS, Circumstance, Kind, Office, daily

DIRECTORY_VERSION = 1

_READ_ON = date(2026, 11, 21)
_PDX_311_PAGE = "City of Portland, PDX 311 page"
_PDX_311_HOURS = f"{_PDX_311_PAGE}; portland.gov/311 for the hours"
_NEIGHBOUR_GUIDES = "southeastexaminer.com 2026/02; northparkblocks.org/resources; portlandoregon.gov/toolkit"
_PSR_HOURS = "portlandobserver.com on the hours since 1 October 2025; portland.gov/streetresponse/psr-faq on exclusions"
_PHONE_311 = "503-823-4000"
_OPEN_311 = daily(7, 20)
_PSR_EXCLUSIONS = frozenset[Circumstance]({"weapon", "violence", "active-suicidality", "private-residence", "in-traffic"})


def _through_311(code: str, name: str, kind: Kind = "city", source: str = _PDX_311_HOURS, url: str | None = None) -> Office:
    return Office(code, name, kind, _PHONE_311, _READ_ON, source, url=url, hours=_OPEN_311)


def _by_phone(code: str, name: str, kind: Kind, phone: str) -> Office:
    return Office(code, name, kind, phone, _READ_ON, _NEIGHBOUR_GUIDES)


OFFICES: tuple[Office, ...] = (
    Office(
        "emergency-911",
        "911, Bureau of Emergency Communications",
        "emergency",
        "911",
        _READ_ON,
        f"{_PDX_311_PAGE} (agencies)",
        hours=ALWAYS,
    ),
    Office(
        "crisis-988",
        "988 Suicide and Crisis Lifeline",
        "crisis",
        "988",
        _READ_ON,
        "national short number; to be named where Portland Street Response cannot come",
        hours=ALWAYS,
    ),
    Office(
        "portland-street-response",
        "Portland Street Response",
        "street-response",
        None,
        _READ_ON,
        f"{_PSR_HOURS}; before that from 08:00 to 22:00",
        hours=daily(8, 22),
        exclusions=_PSR_EXCLUSIONS,
        instead=("emergency-911", "crisis-988"),
        valid_to=date(2025, 10, 1),
    ),
    Office(
        "portland-street-response",
        "Portland Street Response",
        "street-response",
        "503-823-7773",
        _READ_ON,
        _PSR_HOURS,
        url="https://www.portland.gov/streetresponse/psr-faq",
        hours=daily(6, 24),
        exclusions=_PSR_EXCLUSIONS,
        instead=("emergency-911", "crisis-988"),
        valid_from=date(2025, 10, 1),
    ),
    Office(
        "pdx-311",
        "PDX 311",
        "city",
        _PHONE_311,
        _READ_ON,
        _PDX_311_HOURS,
        url="https://www.portland.gov/311",
        email="311@portlandoregon.gov",
        hours=_OPEN_311,
    ),
    _by_phone("police-non-emergency", "Police, non-emergency line", "police", "503-823-3333"),
    _through_311("police-report", "Police report online", "police"),
    _through_311("abandoned-vehicle", "Abandoned vehicle report"),
    _by_phone("parking-enforcement", "Parking patrol, illegally parked vehicles", "city", "503-823-5195"),
    _through_311("parking-meters", "Parking meters"),
    _through_311(
        "graffiti",
        "Graffiti report",
        source=f"portland.gov/311/graffiti-report; {_PDX_311_HOURS}",
        url="https://www.portland.gov/311/graffiti-report",
    ),
    _through_311("campsites", "Campsite report", source=f"{_NEIGHBOUR_GUIDES}; {_PDX_311_HOURS}"),
    _through_311("homeless-services", "Services for people without a home"),
    _by_phone("noise", "Noise office", "city", "503-823-7350"),
    _by_phone("park-rangers", "Park rangers", "city", "503-823-1637"),
    _through_311("parks-maintenance", "Parks, playgrounds and public restrooms"),
    _by_phone("illegal-dumping", "Metro RID patrol, dumped waste", "regional", "503-234-3000"),
    _through_311("garbage-recycling", "Garbage, recycling and public trash cans"),
    _through_311("street-cleaning", "Street cleaning and leaves"),
    _through_311("street-maintenance", "Potholes and street surface"),
    _through_311("sidewalks", "Sidewalks, curbs and ramps"),
    _through_311("street-lights", "Street lights"),
    _through_311("traffic-signals-signs", "Traffic signals, signs and road markings"),
    _through_311("traffic-calming", "Speeding, crossings and traffic calming"),
    _through_311("snow-ice", "Snow and ice on streets"),
    _through_311("abandoned-bicycle", "Abandoned bicycles, bike racks and lanes"),
    _through_311("trees", "Trees on streets and in parks"),
    _through_311("water-sewer", "Water, sewer and street flooding"),
    _through_311("building-code", "Building, housing and property condition"),
    _through_311("vector-control", "Rats and other vermin", "county"),
    _through_311("animals", "Animals", "county"),
    _through_311("alerts", "Signing up for public alerts"),
)
