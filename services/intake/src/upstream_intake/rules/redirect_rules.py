"""Keyword rules that say which office a street issue belongs to, English and Spanish, in order of priority.

A rule is what somebody who answers 311 would say in one breath. Order settles ties: what is narrower or more urgent
stands higher. Templates are those of `patterns`; plural and singular are one word. Other languages go to a person.
"""

from dataclasses import dataclass

RULES_VERSION = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """Any of `forms` in one sentence, with none of the words of `unless` in the same sentence."""

    rule_id: str
    office_code: str
    forms: tuple[str, ...]
    unless: str = ""


LISTS = {
    "vehicle": ("car|vehicle|van|rv|truck|trailer|boat|motorhome|camper|auto|suv|motorcycle|automobile",),
    "carro": ("carro|coche|vehículo|camioneta|auto|camión|troca|remolque", "casa rodante"),
    "bike": ("bike|bicycle|ebike",),
    "thing": ("car|bike|bicycle|package|wallet|purse|backpack|phone|laptop|truck|van|scooter|converter|tool|mail|plate",),
    "junk": ("trash|garbage|waste|mattress|couch|sofa|furniture|tire|appliance|fridge|refrigerator|debris|junk|rubbish",),
    "basura": ("basura|colchón|mueble|muebles|llanta|escombros|sofá|desechos|cachivaches",),
    "broken": (
        "broken|damaged|damage|missing|cracked|defect|defective|uneven|down|out|vandalized|bent|turned|defaced|fallen",
        "knocked|stuck|hazard|repair|removal|visible|faded|dark|flickering|dead|burned|gone|stolen|crooked",
    ),
    "street": ("street|road|alley|roadway|avenue|highway|block|intersection",),
    "bin": ("can|bin|cart|container|receptacle|dumpster|barrel|bag|truck|hauler",),
    "collected": ("pickup|pick|picked|collection|collected|collect|missed|skipped|overflowing|information|full|schedule",),
}

RULES: tuple[Rule, ...] = (
    Rule(
        "street-crisis",
        "portland-street-response",
        (
            "mental|behavioral health? crisis|episode|breakdown",
            "talking|yelling|screaming|shouting to|at himself|herself|themselves|nobody",
            "welfare check",
            "crisis .. salud mental",
            "crisis mental",
        ),
    ),
    Rule(
        "bicycle-left",
        "abandoned-bicycle",
        (
            "abandoned|rusted|rusty|left .. <bike>",
            "<bike> .. abandoned|rusted",
            "<bike> .. locked|chained .. .. week|month|year",
            "bicicleta abandonada|oxidada",
        ),
    ),
    Rule(
        "vehicle-left",
        "abandoned-vehicle",
        (
            "abandoned|junked|junk|derelict|inoperable .. <vehicle>",
            "<vehicle> .. .. abandoned",
            "<vehicle> hasnt|not|never|havent .. moved|move",
            "<vehicle> has|have not moved",
            "looks|seems|appears like? abandoned",
            "<carro> .. abandonado|abandonada",
        ),
        unless="store building house",
    ),
    Rule(
        "crime-reported",
        "police-report",
        (
            "<thing> .. was|were|got|been? stolen|robbed|vandalized",
            "<thing>|garage|house|apartment was|got|were broken into",
            "stole|stolen .. <thing>",
            "broke|broken|breaking in? into .. <thing>|garage|house|apartment|shed|storage",
            "police report",
            "theft|burglary|robbery report|reported",
            "hit and run",
            "robaron|robó",
            "reporte|denuncia .. policía",
        ),
        unless="prevention sign",
    ),
    Rule("parking-meter", "parking-meters", ("parking meter", "pay station", "parquímetro")),
    Rule(
        "parked-wrongly",
        "parking-enforcement",
        (
            "illegal|illegally|double parking|parked",
            "parking violation|complaint|enforcement",
            "park|parking|parked .. on|across|over|in|blocking|before .. sidewalk|driveway|crosswalk|hydrant|lane",
            "block|blocked|blocking .. driveway|hydrant|crosswalk|ramp",
            "mal estacionado|estacionada",
            "estacionado|estacionada .. .. banqueta|acera|entrada|cochera|hidrante",
            "<carro> .. bloquea|bloqueando|tapa|tapando",
        ),
    ),
    Rule(
        "graffiti",
        "graffiti",
        (
            "graffiti|tagging|grafiti|grafitis|graffitti|grafitti",
            "spray painted|painting|paint",
            "tagged|tag|tags on|over? .. wall|fence|garage|building|underpass|bridge",
        ),
    ),
    Rule(
        "camp",
        "campsites",
        (
            "homeless|illegal|growing camp|camping",
            "campsite|encampment|encampments",
            "tent .. .. sidewalk|park|path|overpass|street|camp|trail",
            "people camping",
            "campamento",
            "carpas|tiendas .. .. banqueta|acera|parque|puente",
        ),
    ),
    Rule(
        "without-a-home",
        "homeless-services",
        (
            "homeless|unhoused|houseless person|man|woman|family|people|neighbor",
            "need|looking|find .. .. shelter",
            "shelter bed",
            "albergue|refugio para|esta|donde",
        ),
    ),
    Rule(
        "noise",
        "noise",
        (
            "noise|noisy",
            "loud .. music|party|talking|television|bass|stereo|engine|exhaust|construction",
            "music .. .. loud",
            "so|too|very|really|extremely loud",
            "ruido|ruidoso",
            "música .. fuerte|alta|volumen",
        ),
        unless="helicopter airplane plane aircraft airport jet barking helicóptero avión",
    ),
    Rule(
        "park-rules",
        "park-rangers",
        (
            "park rule|ranger|patrol",
            "violation of park",
            "off leash",
            "park .. .. after hours|closing",
            "perro .. suelto .. .. parque",
            "guardaparque|guardaparques",
        ),
    ),
    Rule(
        "dumped",
        "illegal-dumping",
        (
            "illegal|illegally dumping|dumped",
            "dumped|dumping|dump .. <junk>",
            "<junk> .. .. dumped|dumping",
            "<junk> left|on|in|at|sitting .. .. sidewalk|curb|street|alley|corner|residence|front",
            "pile of? .. <junk>",
            "tiraron|tiran|tirado|tirada|botaron|dejaron .. <basura>",
            "<basura> tirado|tirada|tirados",
        ),
    ),
    Rule(
        "vermin",
        "vector-control",
        ("rat|rodent|vermin", "mouse|mice|rat infestation|sighting", "rata|ratas|ratón|ratones"),
        unless="food restaurant establishment comida restaurante",
    ),
    Rule(
        "animal",
        "animals",
        (
            "stray|aggressive|loose|injured|barking|vicious|sick|lost dog|cat|animal",
            "dog|bull|pitbull .. bite|bit|barking|loose|attacking",
            "perro .. callejero|agresivo|suelto|bravo",
        ),
        unless="dead",
    ),
    Rule(
        "street-light",
        "street-lights",
        (
            "streetlight|alleylight|streetlamp",
            "street|alley light|lamp|lighting",
            "light pole",
            "alumbrado",
            "farola|farol|lámpara|luz|foco|poste .. calle|luz|alumbrado",
        ),
    ),
    Rule(
        "racing",
        "police-non-emergency",
        ("drag|street race|racing|racer", "carrera|arrancones .. calle|carros|coches"),
    ),
    Rule(
        "signal-or-sign",
        "traffic-signals-signs",
        (
            "traffic light|signal",
            "stop|yield|street|speed sign",
            "sign .. <broken>",
            "sign not visible|readable|legible",
            "<broken> sign",
            "walk|crosswalk|crossing signal|button",
            "road|roadway|lane|pavement marking|stripe|striping",
            "semáforo",
            "señal .. alto|tránsito",
        ),
        unless="zodiac",
    ),
    Rule(
        "speeding",
        "traffic-calming",
        (
            "speed bump|hump|cushion",
            "speeding",
            "traffic calming",
            "<vehicle>|driver|people .. drive|driving|going .. too? fast",
            "need .. crosswalk",
            "tope|topes .. calle|velocidad",
            "exceso de velocidad",
        ),
    ),
    Rule(
        "snow-or-ice",
        "snow-ice",
        (
            "snow",
            "ice|icy removal|street|road|sidewalk|hill|bridge",
            "street|road|sidewalk|hill|bridge .. icy|ice|frozen",
            "covered with|in ice",
            "plow|plowed|deice",
            "nieve",
            "hielo .. calle|banqueta|acera",
        ),
        unless="agent immigration migra",
    ),
    Rule(
        "sweeping",
        "street-cleaning",
        (
            "street|alley .. clean|cleaning|sweep|sweeping|swept|sweeper",
            "street|alley was|is|are|has|have not|never? been? swept|cleaned",
            "sweeping route|missed",
            "route|mechanical .. sweeping",
            "leave .. .. street|drain|gutter",
            "glass .. .. street|road|lane",
            "barrer|barrieron .. calle",
        ),
    ),
    Rule(
        "water",
        "water-sewer",
        (
            "sewer|sewage|manhole|flooding|flooded|stormwater",
            "storm|clogged|blocked drain",
            "water .. main|leak|leaking|bubbling|running .. .. street|drain|pipe|hydrant|sidewalk|road",
            "water main|leak|bill|quality",
            "puc water",
            "alcantarilla|drenaje|inundación|inundada|inundado",
            "fuga .. agua",
        ),
    ),
    Rule(
        "sidewalk",
        "sidewalks",
        (
            "sidewalk|curb|ramp .. <broken>",
            "<broken> .. sidewalk|curb",
            "curb ramp",
            "lifted|lifting|raised|heaved|buckled .. sidewalk",
            "sidewalk .. lifted|raised|heaved|buckled",
            "banqueta|acera|vereda .. rota|quebrada|levantada|dañada",
        ),
    ),
    Rule(
        "play-equipment",
        "parks-maintenance",
        (
            "<broken> .. swing|slide|playground|bench|fountain",
            "swing|slide|playground|fountain .. .. is|are? <broken>",
            "columpio|resbaladilla|juegos .. .. roto|rotos|rota|descompuesto",
        ),
        unless="sidewalk tree",
    ),
    Rule(
        "tree",
        "trees",
        ("tree|branch|limb|stump", "árbol|arboles|rama"),
        unless="christmas family library bank",
    ),
    Rule(
        "street-surface",
        "street-maintenance",
        (
            "pothole|sinkhole|pavement|asphalt",
            "pot|sink hole",
            "<street> repair|crack|hole|surface|damage|condition",
            "hole .. <street>",
            "<street> .. .. hole|rut|crater",
            "construction|steel|metal plate",
            "bache|baches",
            "hoyo .. calle|camino",
        ),
    ),
    Rule(
        "garbage",
        "garbage-recycling",
        (
            "garbage|trash|recycling|recycle|compost|litter .. <collected>|<bin>",
            "<collected> .. garbage|trash|recycling|compost",
            "garbage|trash|recycling|compost has|have|was|were|is|are|wasnt|hasnt not? been? <collected>",
            "recycling information|request",
            "city can|receptacle",
            "<bin> .. overflowing|left out",
            "dumpster overflowing|complaint",
            "supercan",
            "bulk|bulky collection|pickup|item|waste",
            "basura .. .. recogieron|recolección|recogen|contenedor|recoger",
            "recogieron|recolección .. .. basura|reciclaje",
        ),
        unless="food vendor restaurant comida",
    ),
    Rule(
        "building",
        "building-code",
        (
            "building|code|housing violation",
            "unsafe|dangerous building|house|structure|balcony|staircase",
            "vacant|overgrown|derelict lot|house|property|yard|building",
            "no|without|wont|not .. heat|heating",
            "mold|mould",
            "construction .. without .. permit",
            "moho|humedad .. apartamento|casa|departamento|pared",
            "sin calefacción",
            "casa|lote abandonada|baldío|abandonado",
        ),
    ),
    Rule(
        "police-matter",
        "police-non-emergency",
        (
            "non|not .. emergency police|matter",
            "drinking|alcohol .. public",
            "drug dealing|dealer|deal|sale",
            "trespassing|trespasser|loitering|prowling",
            "suspicious person|vehicle|car|man|activity",
            "vendiendo|venden|venta .. droga|drogas",
        ),
    ),
    Rule(
        "alerts",
        "alerts",
        (
            "sign|signing|signup|subscribe|register up? .. .. alert|publicalert",
            "inscribir|inscribirme|suscribir|registrarme .. .. alertas",
        ),
    ),
)
