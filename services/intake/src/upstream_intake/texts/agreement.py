"""The shared agreement as people read it, and the duties that its codes stand for.

Source of the duties: City of Portland, About Community Safety (free; groups of five or more; a shared agreement of the
topic; the team coordinates the training). Those about dates are the programme's way of working, to be confirmed by the
city. A published text never changes once an agreement was made on it: what was agreed is kept as it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from upstream_intake.texts import written_language
from upstream_schemas.catalogues import languages, training_topics

Words = Mapping[str, str]

GROUP_DUTIES: Final[Mapping[str, Words]] = {
    "five-or-more": {
        "en": "At least five people of your group take part.",
        "es": "Participan al menos cinco personas de su grupo.",
        "so": "Ugu yaraan shan qof oo kooxdiinna ah ayaa ka qayb gala.",
        "ar": "يشارك خمسة أشخاص على الأقل من مجموعتكم.",
    },
    "answer-the-date": {
        "en": "You answer the date we offer, also when it does not suit you.",
        "es": "Ustedes responden a la fecha que ofrecemos, también si no les conviene.",
        "so": "Waxaad ka jawaabtaan taariikhda aan idiin soo bandhigno, xitaa haddii aysan idin ku habboonayn.",
        "ar": "تجيبون على الموعد الذي نعرضه، حتى إذا كان لا يناسبكم.",
    },
    "say-early": {
        "en": "If your group cannot come, you tell us as early as you can.",
        "es": "Si su grupo no puede asistir, nos avisan lo antes posible.",
        "so": "Haddii kooxdiinnu aysan imaan karin, sida ugu dhaqsaha badan noo soo sheega.",
        "ar": "إذا لم تتمكن مجموعتكم من الحضور فأخبرونا في أقرب وقت ممكن.",
    },
}
CITY_DUTIES: Final[Mapping[str, Words]] = {
    "free-of-charge": {
        "en": "The training is free.",
        "es": "La capacitación es gratuita.",
        "so": "Tababarku waa lacag la'aan.",
        "ar": "التدريب مجاني.",
    },
    "trainer-and-date": {
        "en": "We find a trainer and a date that suits you.",
        "es": "Buscamos a una persona instructora y una fecha que les convenga.",
        "so": "Waxaan idiin helaynaa tababare iyo taariikh idin ku habboon.",
        "ar": "نجد لكم مدربًا وموعدًا يناسبكم.",
    },
    "in-your-language": {
        "en": "The training is given or interpreted in the language named above.",
        "es": "La capacitación se da o se interpreta en el idioma indicado arriba.",
        "so": "Tababarka waxaa lagu bixinayaa ama loo turjumayaa luqadda kor ku xusan.",
        "ar": "يُقدَّم التدريب باللغة المذكورة أعلاه أو يُترجم إليها شفهيًا.",
    },
    "access-for-all": {
        "en": "We provide what you told us you need so that everybody can take part.",
        "es": "Proporcionamos lo que nos dijeron que necesitan para que todas las personas puedan participar.",
        "so": "Waxaan bixinaynaa waxa aad noo sheegteen inaad u baahan tihiin si qof walba uga qayb galo.",
        "ar": "نوفر ما أخبرتمونا أنكم تحتاجون إليه لكي يتمكن الجميع من المشاركة.",
    },
    "tell-changes": {
        "en": "We tell you at once when something changes.",
        "es": "Les avisamos de inmediato si algo cambia.",
        "so": "Isla markiiba waan idin soo wargelinaynaa haddii wax is beddelaan.",
        "ar": "نخبركم فورًا عندما يتغير أي شيء.",
    },
}
FORMATS: Final[Mapping[str, Words]] = {
    "virtual": {"en": "online", "es": "en línea", "so": "khadka tooska ah", "ar": "عبر الإنترنت"},
    "in_person": {"en": "in person", "es": "en persona", "so": "fool ka fool", "ar": "حضوريًا"},
    "either": {
        "en": "online or in person",
        "es": "en línea o en persona",
        "so": "khadka tooska ah ama fool ka fool",
        "ar": "عبر الإنترنت أو حضوريًا",
    },
}
_FRAME: Final[Mapping[str, str]] = {
    "en": (
        "Shared agreement, version {version}\n\nTopic: {topic}\nHow we meet: {format}\nLength: {minutes} minutes\n"
        "Language: {language}\nPeople: {size}\n\nWhat your group does:\n{group}\n\nWhat the city does:\n{city}\n\n"
        "This agreement names no date. We look for one when you have agreed."
    ),
    "es": (
        "Acuerdo compartido, versión {version}\n\nTema: {topic}\nCómo nos reunimos: {format}\nDuración: {minutes} minutos\n"
        "Idioma: {language}\nPersonas: {size}\n\nLo que hace su grupo:\n{group}\n\nLo que hace la ciudad:\n{city}\n\n"
        "Este acuerdo no fija una fecha. La buscamos cuando ustedes hayan aceptado."
    ),
    "so": (
        "Heshiis la wadaago, nooca {version}\n\nMawduuca: {topic}\nSida aan u kulanno: {format}\nMuddada: {minutes} daqiiqo\n"
        "Luqadda: {language}\nTirada dadka: {size}\n\nWaxa kooxdiinnu qabanayso:\n{group}\n\nWaxa magaaladu qabanayso:\n{city}\n\n"
        "Heshiiskani taariikh ma xusayo. Waxaan raadinaynaa marka aad oggolaataan."
    ),
    "ar": (
        "اتفاق مشترك، النسخة {version}\n\nالموضوع: {topic}\nطريقة اللقاء: {format}\nالمدة: {minutes} دقيقة\n"
        "اللغة: {language}\nعدد الأشخاص: {size}\n\nما تقوم به مجموعتكم:\n{group}\n\nما تقوم به المدينة:\n{city}\n\n"
        "لا يحدد هذا الاتفاق موعدًا. نبحث عن موعد بعد موافقتكم."
    ),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """All that an agreement's text is made from."""

    version: int
    topic: training_topics.Topic
    format: str
    length_minutes: int
    language: str
    group_size: int
    group_duties: tuple[str, ...]
    city_duties: tuple[str, ...]


def agreement_text(draft: Draft, reader: str) -> str:
    """The agreement in the reader's language (`written_language`), plain text."""
    code = written_language(reader)
    return _FRAME[code].format(
        version=draft.version,
        topic=draft.topic.titles[code],
        format=FORMATS[draft.format][code],
        minutes=draft.length_minutes,
        language=languages.own_name(draft.language),
        size=draft.group_size,
        group="\n".join(f"- {GROUP_DUTIES[duty][code]}" for duty in draft.group_duties),
        city="\n".join(f"- {CITY_DUTIES[duty][code]}" for duty in draft.city_duties),
    )


def text_hash(text: str) -> str:
    """What an acceptance is bound to: SHA-256 of the text in UTF-8."""
    return sha256(text.encode()).hexdigest()
