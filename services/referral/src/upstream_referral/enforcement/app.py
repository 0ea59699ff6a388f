"""The enforcement side's wiring table, and nothing else."""

from pathlib import Path

from upstream_referral.enforcement import decide, inlet, store
from upstream_referral.enforcement.model import Reference
from upstream_referral.enforcement.web import pages
from upstream_referral.enforcement.work import due_work
from upstream_runtime import vault
from upstream_runtime.links import Links
from upstream_runtime.settings import MissingSettingError, Settings
from upstream_runtime.wiring import Aggregate, App, Inlet
from upstream_schemas import enforcement, topics

SUBMISSION = Aggregate("submission", store.load_submissions, store.save_submissions)


def wiring(settings: Settings) -> App:
    """What comes in, which decision answers it, and how its state is kept.

    Settings: OVP_PUBLIC_KEY (file of the key that contacts are sealed to), OFFER_CONTACT (on, off). Secrets: link-key,
    staff-token.
    """
    takes_contact = _is_on(settings.value("OFFER_CONTACT"))
    seal = vault.named_sealer(Path(settings.value("OVP_PUBLIC_KEY")))
    links = Links(settings.public_url, settings.secret("link-key"))
    return App(
        process="referral-enforcement",
        reference=Reference(takes_contact),
        inlets=(
            Inlet(
                family=topics.ENFORCEMENT_SUBMISSIONS,
                aggregate=SUBMISSION,
                on={
                    enforcement.HelpOfferedV1: decide.help_offered,
                    enforcement.AreaAlertIssuedV1: decide.area_alert_issued,
                    enforcement.LifeSafetyCallAskedV1: decide.life_safety_call_asked,
                },
                key=inlet.key,
                screen=inlet.nothing_to_screen,
                prepare=inlet.preparing(seal, takes_contact=takes_contact),
                refuse=inlet.refuse,
            ),
        ),
        work=due_work(SUBMISSION),
        pages=pages(SUBMISSION, links, settings.secret("staff-token")),
    )


def _is_on(word: str) -> bool:
    if word not in {"on", "off"}:
        raise MissingSettingError("UPSTREAM_OFFER_CONTACT is neither on nor off")
    return word == "on"
