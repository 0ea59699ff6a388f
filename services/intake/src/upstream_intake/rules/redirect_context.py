"""Wording beside the street issue itself: what asks for a training, and what keeps an office from coming.

`TRAINING` is broad on purpose: a street issue taken for a training reaches a person, a training sent away is lost.
"""

from upstream_intake.rules.directory import Circumstance

TRAINING: tuple[str, ...] = (
    "training|workshop|seminar|presentation|curriculum|cpted|prevention|preparedness|organizing|webinar",
    "class|course|session|lesson on|about|for|to|covering",
    "a|the|one|free|like|want class|course|session|lesson",
    "learn|teach|educate|trainer|instructor",
    "come|someone|somebody to|and|talk|speak .. talk|speak|present to|with|about|at",
    "organize|organise|host|plan|hold .. .. event|party|cleanup|clean|pick|walk|picnic|limpieza",
    "event|events|safety school|park|block|walk|apartment|condo",
    "litter removal event",
    "prepare our|my|the",
    "capacitación|taller|entrenamiento|curso|charla|prevención|prevenir",
    "aprender|aprendamos|enseñar|enseñen|organizar|organización",
    "multi dwelling safety",
    "reporting|report hate",
    "denunciar el odio",
    "education",
)

CIRCUMSTANCES: dict[Circumstance, tuple[str, ...]] = {
    "weapon": ("gun|knife|weapon|machete|bat|pistola|cuchillo|arma|navaja",),
    "violence": ("hitting|attacking|fighting|punching|violent|threatening|assault|golpeando|peleando|amenazando|violento",),
    "active-suicidality": ("suicide|suicidal|suicidio|suicidarse", "kill|hurt himself|herself|themselves|myself"),
    "private-residence": (
        "inside|in my|our|his|her|their|the house|home|apartment|room|bedroom|kitchen|basement|unit",
        "mi|nuestra|su casa|apartamento|cuarto",
    ),
    "in-traffic": (
        "in traffic|freeway|highway|intersection",
        "in|into|on the|middle|of .. .. road|traffic|freeway|highway|lane",
        "en medio|entre .. calle|tráfico|carros|autopista",
    ),
}
