"""The trainings a group can ask for, one immutable tuple for each version of the catalogue.

Version 1 is the list of twelve examples on the city's page "About Community Safety". A released version is never
edited: submissions name the version they were written against. The catalogue must not say who is eligible or when.

Titles in Spanish, Somali and Arabic are drafts that no native speaker has reviewed; `REVIEWED_LANGUAGES` says so.
Lengths: two hours for personal safety and an hour and a half for CPTED stand on the programme's later page "Request a
training, assessment or community-building activity". The other lengths, and in-person as a format, are assumptions to
be confirmed by the city: `length_confirmed` marks the difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Format = Literal["virtual", "in_person"]

VERSION = 1
REVIEWED_LANGUAGES = frozenset({"en"})

_SEED = "City of Portland, About Community Safety: example trainings"
_LATER_PAGE = f"{_SEED}; portland.gov/community-safety for the length"
_READ_ON = date(2026, 11, 21)
_BOTH: tuple[Format, ...] = ("virtual", "in_person")


@dataclass(frozen=True, slots=True)
class Topic:
    """One training of the catalogue; `titles` holds a title for each of en, es, so and ar."""

    code: str
    titles: Mapping[str, str]
    length_minutes: int
    formats: tuple[Format, ...]
    source: str
    verified_on: date
    length_confirmed: bool = False


def _assumed(code: str, en: str, es: str, so: str, ar: str) -> Topic:
    return Topic(code, {"en": en, "es": es, "so": so, "ar": ar}, 90, _BOTH, _SEED, _READ_ON)


TOPICS: tuple[Topic, ...] = (
    _assumed(
        "emergency-preparedness",
        "Emergency preparedness",
        "Preparación para emergencias",
        "U diyaargarowga xaaladaha degdegga ah",
        "الاستعداد لحالات الطوارئ",
    ),
    Topic(
        "personal-safety",
        {
            "en": "Personal safety",
            "es": "Seguridad personal",
            "so": "Badbaadada shakhsiga",
            "ar": "السلامة الشخصية",
        },
        120,
        _BOTH,
        _LATER_PAGE,
        _READ_ON,
        length_confirmed=True,
    ),
    _assumed(
        "active-transportation",
        "Active transportation, safe routes to school and pedestrian safety",
        "Transporte activo, rutas seguras a la escuela y seguridad peatonal",
        "Socodka iyo baaskiilka, waddooyinka ammaan ah ee dugsiga iyo badbaadada dadka lugeynaya",
        "التنقل النشط والطرق الآمنة إلى المدرسة وسلامة المشاة",
    ),
    _assumed(
        "social-connections",
        "Social connections and reducing social isolation",
        "Conexiones sociales y reducción del aislamiento social",
        "Xiriirka bulshada iyo yaraynta go'doonka bulshada",
        "الروابط الاجتماعية والحد من العزلة الاجتماعية",
    ),
    _assumed(
        "youth-safety",
        "Youth safety",
        "Seguridad de los jóvenes",
        "Badbaadada dhallinyarada",
        "سلامة الشباب",
    ),
    _assumed(
        "systems-navigation",
        "Public safety systems navigation and reporting hate and bias",
        "Cómo usar los sistemas de seguridad pública y denunciar el odio y los prejuicios",
        "Isticmaalka nidaamyada badbaadada dadweynaha iyo ka warbixinta nacaybka iyo eexda",
        "التعامل مع أنظمة السلامة العامة والإبلاغ عن الكراهية والتحيز",
    ),
    _assumed(
        "community-advocacy",
        "Community advocacy and organizing",
        "Defensa y organización comunitaria",
        "U doodista iyo abaabulka bulshada",
        "المناصرة والتنظيم المجتمعي",
    ),
    Topic(
        "cpted",
        {
            "en": "Crime Prevention Through Environmental Design (CPTED)",
            "es": "Prevención del delito mediante el diseño ambiental (CPTED)",
            "so": "Ka hortagga dambiyada iyadoo la adeegsanayo naqshadda deegaanka (CPTED)",
            "ar": "الوقاية من الجريمة من خلال التصميم البيئي (CPTED)",
        },
        90,
        ("virtual",),
        _LATER_PAGE,
        _READ_ON,
        length_confirmed=True,
    ),
    _assumed(
        "block-party",
        "Block party organizing and other street events",
        "Organización de fiestas de cuadra y otros eventos en la calle",
        "Abaabulka xafladaha xaafadda iyo dhacdooyinka kale ee waddada",
        "تنظيم حفلات الحي وغيرها من فعاليات الشارع",
    ),
    _assumed(
        "multi-dwelling",
        "Multi-dwelling safety (apartments, condos)",
        "Seguridad en viviendas múltiples (apartamentos, condominios)",
        "Badbaadada guryaha dadka badani degan yihiin (guryaha dabaqyada, kondhoomyada)",
        "السلامة في المباني متعددة المساكن (الشقق والمجمعات السكنية)",
    ),
    _assumed(
        "community-care",
        "Community care and litter removal events (schools, parks, block)",
        "Cuidado comunitario y jornadas de limpieza de basura (escuelas, parques, cuadra)",
        "Daryeelka bulshada iyo munaasabadaha nadiifinta qashinka (dugsiyada, beeraha, xaafadda)",
        "العناية بالمجتمع وحملات إزالة القمامة (المدارس والحدائق والحي)",
    ),
    _assumed(
        "bike-theft-prevention",
        "Bicycle theft prevention",
        "Prevención del robo de bicicletas",
        "Ka hortagga xatooyada baaskiilka",
        "الوقاية من سرقة الدراجات",
    ),
)

RELEASED: Mapping[int, tuple[Topic, ...]] = {1: TOPICS}


def topic(code: str, version: int = VERSION) -> Topic | None:
    """The topic as that version of the catalogue has it; None where the version or the code is unknown."""
    return next((found for found in RELEASED.get(version, ()) if found.code == code), None)


def known(code: str, version: int = VERSION) -> bool:
    """Whether that version of the catalogue has the topic."""
    return topic(code, version) is not None
