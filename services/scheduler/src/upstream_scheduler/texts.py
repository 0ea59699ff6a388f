"""The words of the answer page, in four languages. Times are written by Babel, topics by the catalogue.

Spanish, Somali and Arabic are drafts that no native speaker has reviewed; `REVIEWED` says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name

from upstream_scheduler.model import CITY_ZONE, Slot
from upstream_schemas.catalogues import languages

REVIEWED: Final = frozenset({"en"})

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Your training date",
        "topic": "Training",
        "when": "When",
        "where": "Where",
        "reference": "Reference",
        "language": "Language",
        "open-group": "Does this date suit your group?",
        "open-trainer": "Can you give this training?",
        "hold": "Please answer by {until}. After that, the date may go to others.",
        "accept": "Yes, this suits us",
        "accept-trainer": "Yes, I can",
        "decline": "No, find another date",
        "decline-trainer": "No, I cannot",
        "accepted": "Thank you, your yes has arrived. We are waiting for the others and will write to you.",
        "confirmed": "This training will take place.",
        "cancel-lead": "I need to cancel",
        "cancel-group": "If you cancel, the date goes to others and we stop looking.",
        "cancel-trainer": "If you cancel, we look for another trainer or another date for the group.",
        "cancel": "Cancel this date",
        "under-way-group": "This training has begun or is over. We hope it is useful.",
        "under-way-trainer": "Did this training take place?",
        "delivered-button": "Yes, it took place",
        "missed-button": "No, it did not",
        "delivered": "This training took place. Thank you.",
        "missed": "This training did not take place. We have noted that.",
        "declined": "You said no to this date. Thank you for telling us. Where another date is needed, we write to you.",
        "expired": "The time to answer is over and this date is no longer held. If there is another, we write to you.",
        "cancelled": "This date has been cancelled. Nothing more is needed from you.",
        "not-current": "This date is no longer held. The newest message from us has the date that counts.",
        "unknown": "This link does not work. Please open the link in the newest message from us.",
    },
    "es": {
        "title": "La fecha de su capacitación",
        "topic": "Capacitación",
        "when": "Cuándo",
        "where": "Dónde",
        "reference": "Referencia",
        "language": "Idioma",
        "open-group": "¿Le conviene esta fecha a su grupo?",
        "open-trainer": "¿Puede dar esta capacitación?",
        "hold": "Responda antes de: {until}. Después, la fecha puede darse a otras personas.",
        "accept": "Sí, nos conviene",
        "accept-trainer": "Sí, puedo",
        "decline": "No, busquen otra fecha",
        "decline-trainer": "No, no puedo",
        "accepted": "Gracias, recibimos su sí. Esperamos a las demás personas y le escribiremos.",
        "confirmed": "Esta capacitación se llevará a cabo.",
        "cancel-lead": "Necesito cancelar",
        "cancel-group": "Si cancela, la fecha se da a otras personas y dejamos de buscar.",
        "cancel-trainer": "Si cancela, buscamos a otra persona o otra fecha para el grupo.",
        "cancel": "Cancelar esta fecha",
        "under-way-group": "Esta capacitación ya empezó o terminó. Esperamos que sea útil.",
        "under-way-trainer": "¿Se llevó a cabo esta capacitación?",
        "delivered-button": "Sí, se llevó a cabo",
        "missed-button": "No se llevó a cabo",
        "delivered": "Esta capacitación se llevó a cabo. Gracias.",
        "missed": "Esta capacitación no se llevó a cabo. Lo hemos anotado.",
        "declined": "Usted dijo que no a esta fecha. Gracias por avisarnos. Si hace falta otra fecha, le escribiremos.",
        "expired": "El plazo para responder terminó y la fecha ya no está reservada. Si hay otra, le escribiremos.",
        "cancelled": "Esta fecha fue cancelada. No tiene que hacer nada más.",
        "not-current": "Esta fecha ya no está reservada. La fecha válida está en nuestro mensaje más reciente.",
        "unknown": "Este enlace no funciona. Abra el enlace de nuestro mensaje más reciente.",
    },
    "so": {
        "title": "Taariikhda tababarkaaga",
        "topic": "Tababar",
        "when": "Goorta",
        "where": "Goobta",
        "reference": "Tixraac",
        "language": "Luqad",
        "open-group": "Taariikhdani ma ku habboon tahay kooxdaada?",
        "open-trainer": "Ma bixin kartaa tababarkan?",
        "hold": "Fadlan ku jawaab ka hor {until}. Intaa ka dib, taariikhda waxaa la siin karaa dad kale.",
        "accept": "Haa, way nagu habboon tahay",
        "accept-trainer": "Haa, waan karaa",
        "decline": "Maya, taariikh kale raadi",
        "decline-trainer": "Maya, ma awoodo",
        "accepted": "Mahadsanid, haa-daadii way na soo gaartay. Waxaan sugaynaa kuwa kale, waana kuu soo qori doonnaa.",
        "confirmed": "Tababarkani wuu dhici doonaa.",
        "cancel-lead": "Waxaan u baahanahay inaan joojiyo",
        "cancel-group": "Haddii aad joojiso, taariikhda dad kale ayaa la siinayaa, annaguna raadinta waan joojinaynaa.",
        "cancel-trainer": "Haddii aad joojiso, kooxda waxaan u raadinaynaa tababare kale ama taariikh kale.",
        "cancel": "Jooji taariikhdan",
        "under-way-group": "Tababarkani wuu bilowday ama wuu dhammaaday. Waxaan rajaynaynaa inuu faa'iido leeyahay.",
        "under-way-trainer": "Tababarkani ma dhacay?",
        "delivered-button": "Haa, wuu dhacay",
        "missed-button": "Maya, ma dhicin",
        "delivered": "Tababarkani wuu dhacay. Mahadsanid.",
        "missed": "Tababarkani ma dhicin. Waan qoranay.",
        "declined": "Taariikhdan maya ayaad tiri. Waad ku mahadsan tahay. Haddii taariikh kale loo baahdo, waan kuu soo qoraynaa.",
        "expired": "Waqtigii jawaabtu wuu dhammaaday, taariikhdana lama hayo. Haddii mid kale jirto, waan kuu soo qoraynaa.",
        "cancelled": "Taariikhdan waa la joojiyay. Wax kale oo lagaa rabo ma jiro.",
        "not-current": "Taariikhdan lama hayo. Farriintayada ugu dambaysa ayay ku jirtaa taariikhda saxda ah.",
        "unknown": "Xiriirkani ma shaqaynayo. Fadlan fur xiriirka ku jira farriintayada ugu dambaysa.",
    },
    "ar": {
        "title": "موعد تدريبكم",
        "topic": "التدريب",
        "when": "متى",
        "where": "أين",
        "reference": "رقم المرجع",
        "language": "اللغة",
        "open-group": "هل يناسب هذا الموعد مجموعتكم؟",
        "open-trainer": "هل يمكنك تقديم هذا التدريب؟",
        "hold": "يُرجى الرد قبل {until}. بعد ذلك قد يُعطى الموعد لآخرين.",
        "accept": "نعم، يناسبنا",
        "accept-trainer": "نعم، أستطيع",
        "decline": "لا، ابحثوا عن موعد آخر",
        "decline-trainer": "لا، لا أستطيع",
        "accepted": "شكرًا، وصلتنا موافقتكم. ننتظر الآخرين وسنكتب إليكم.",
        "confirmed": "سيُعقد هذا التدريب.",
        "cancel-lead": "أحتاج إلى الإلغاء",
        "cancel-group": "إذا ألغيتم، يُعطى الموعد لآخرين ونتوقف عن البحث.",
        "cancel-trainer": "إذا ألغيت، نبحث للمجموعة عن مدرب آخر أو موعد آخر.",
        "cancel": "إلغاء هذا الموعد",
        "under-way-group": "بدأ هذا التدريب أو انتهى. نرجو أن يكون مفيدًا.",
        "under-way-trainer": "هل عُقد هذا التدريب؟",
        "delivered-button": "نعم، عُقد",
        "missed-button": "لا، لم يُعقد",
        "delivered": "عُقد هذا التدريب. شكرًا.",
        "missed": "لم يُعقد هذا التدريب. لقد سجّلنا ذلك.",
        "declined": "لم يناسبكم هذا الموعد. شكرًا لإخبارنا. إذا لزم موعد آخر فسنكتب إليكم.",
        "expired": "انتهت مهلة الرد ولم يعد الموعد محجوزًا. إذا وُجد موعد آخر فسنكتب إليكم.",
        "cancelled": "أُلغي هذا الموعد. لا يلزم منكم أي شيء آخر.",
        "not-current": "لم يعد هذا الموعد محجوزًا. الموعد المعتمد موجود في أحدث رسالة منا.",
        "unknown": "هذا الرابط لا يعمل. يُرجى فتح الرابط الموجود في أحدث رسالة منا.",
    },
}


def spoken(tag: str) -> str:
    """The language of ours to write in for a BCP 47 tag; English where there is no other."""
    found = languages.language(tag)
    return found.code if found is not None and found.code in TEXTS else "en"


def slot_text(slot: Slot, language: str) -> str:
    """Date, both times and the zone's name, as they are read in Portland."""
    start, end = (moment.astimezone(ZoneInfo(CITY_ZONE)) for moment in (slot.starts_at, slot.ends_at))
    times = f"{format_time(start, 'short', locale=language)} – {format_time(end, 'short', locale=language)}"
    return f"{format_date(start, 'full', locale=language)}, {times} ({_zone_text(start, language)})"


def moment_text(moment: datetime, language: str) -> str:
    """A date with its time, as it is read in Portland."""
    local = moment.astimezone(ZoneInfo(CITY_ZONE))
    return f"{format_date(local, 'full', locale=language)}, {format_time(local, 'short', locale=language)}"


def _zone_text(local: datetime, language: str) -> str:
    """Long form: on the night the clocks change, it tells the two half past ones apart."""
    return get_timezone_name(local, width="long", locale=language)
