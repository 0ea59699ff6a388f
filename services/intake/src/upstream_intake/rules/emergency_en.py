"""English emergency wording. Written by hand; what it must catch and leave alone stands in the tests."""

from upstream_intake.rules.emergency_context import EmergencyLanguage
from upstream_intake.rules.plain_text import word_pairs, word_set

_LISTS = {
    "weapon": (
        "gun|guns|handgun|handguns|pistol|rifle|shotgun|firearm|firearms|revolver|glock",
        "knife|knives|machete|sword|axe|hatchet|weapon|weapons|bomb|grenade|explosives",
        "ak47|ar15|uzi",
    ),
    "tool": ("bat|hammer|crowbar|bottle|pipe|stick|brick|scissors|screwdriver",),
    "person": (
        "man|men|guy|guys|woman|women|person|people|kid|kids|boy|boys|girl|girls",
        "teen|teens|teenager|teenagers|student|students|neighbor|neighbors|neighbour",
        "husband|wife|boyfriend|girlfriend|partner|ex|son|daughter|brother|sister|dad",
        "father|mom|mum|mother|grandma|grandpa|grandmother|grandfather|uncle|aunt|cousin",
        "roommate|stranger|intruder|burglar|thief|robber|attacker|shooter|driver|coworker",
        "boss|friend|child|children|baby|toddler|infant|lady|dude|landlord|tenant",
        "customer|passenger|coach|teacher|patient|worker|cyclist|pedestrian|resident|client",
        "nephew|niece|stepdad|stepfather|stepmom|someone|somebody|individual|victim|family",
    ),
    "which": (
        "a|an|the|this|that|my|our|his|her|their|your|another|one|some|two",
        "three|four|these|those|several",
    ),
    "adverb": ("now|currently|still|actively|just|really|about|literally|actually|also",),
    "located": ("in|at|on|near|outside|inside|by|behind|from|upstairs|downstairs|across|next .. ..",),
    "who": ("he|she|they|someone|somebody|everyone", "<which> .. <person> <located>?", "<person> <located>?"),
    "who_is": (
        "hes|shes|theyre|someones|somebodys <adverb>?",
        "<who> is|are|iz|keeps|started|began <adverb>?",
    ),
    "we_are": ("im|were <adverb>?", "i am <adverb>?", "we are <adverb>?"),
    "anyone_is": ("<who_is>", "<we_are>"),
    "whom": ("me|us|him|her|them|someone|somebody|people|everyone|kids|children|everybody",),
    "victim": ("<whom>", "<which> .. <person>", "each other", "<person>"),
    "place": (
        "building|house|home|apartment|apartments|kitchen|garage|room|hallway|basement",
        "school|store|office|church|mosque|shop|car|truck|van|rv|tent|bedroom|attic",
        "complex|unit|porch|shed|restaurant|classroom|duplex|condo|trailer|yard|backyard",
        "street|block|forest|park|floor|stairwell|elevator|laundry",
    ),
    "cannot": (
        "cant|cannot|wont|isnt|arent|aint|not|stopped|barely|hardly|doesnt|stops|quit",
        "trouble|difficulty|struggling|unable",
    ),
    "pierced": ("shot", "stabbed", "knifed"),
    "wielding": (
        "holding|carrying|waving|pointing|brandishing|swinging|aiming|loading|pulling",
        "wielding|hiding|with",
    ),
    "contracted": ("hes|shes|theyve|ive|weve|someones",),
    "young": ("son|daughter|child|baby|kid|kids|children|boy|girl|toddler|sister|brother",),
    "vehicle": ("car|truck|bus|train|max|van|driver|streetcar|suv|motorcycle",),
    "about_to": ("going|trying|threatening|coming|planning|about to", "gonna|gunna|threatening|coming"),
    "he_will": ("hell|theyll|shell|ill|gonna|gunna", "he|she|they|somebody|someone is? going|gonna to?"),
    "begging": ("please|pls|plz|someone|somebody|quick|quickly|hurry|just|can|you",),
    "hurt": ("kill|shoot|stab|murder|strangle|rape|hurt|attack|beat|burn",),
    "hurting": (
        "beating|attacking|strangling|choking|raping|assaulting|hitting|punching|kicking",
        "hurting|stabbing|killing|drowning|suffocating|molesting|stalking|robbing",
    ),
    "hurt_now": (
        "attacked|beaten|assaulted|raped|strangled|robbed|mugged|followed|abducted",
        "kidnapped|shot|stabbed|carjacked|chased|choked|stalked|murdered|killed|hurt",
    ),
    "self": ("myself|himself|herself|themselves|themself",),
}

_PRESENT = {
    "weapon": (
        "<who> has|got|holds|carries|pulled|pulls|drew|waves|brandished .. !<weapon>",
        "hes|shes|theyre|theyve got .. !<weapon>",
        "they have .. !<weapon>",
        "i have|got a|my !<weapon>",
        "<who_is> <wielding> .. !<weapon>",
        "<who> <wielding>|with a|an|his|her|their|the? .. !<weapon>",
        "!<weapon> to|at|on|against my|his|her|our|their .. head|face|chest|throat|neck|stomach|back",
        "!<weapon> on|at me|us|him|her|them|people",
        "is|are|im !armed",
        "pulled|pulls|pulling out|up? .. !<weapon>",
        "<which>? !armed <person>",
        "is|are outside|inside|here|there|downstairs|upstairs with .. !<weapon>",
        "there is|are a? .. !bomb|explosives|gunman|shooter",
        "theres a? .. !bomb|explosives|gunman|shooter",
        "!gunman in|at|on|outside|inside|is",
        "coming|came|comes|running at|after me|us|him|her|them with <which>? .. !<tool>",
    ),
    "shooting": (
        "<anyone_is> !shooting|firing",
        "!shooting at|into|towards|up <victim>|cars|houses|windows|random|the|our|my",
        "i|we hear|heard|hearing .. !gunshots|shots|gunfire right|just|outside|inside|nearby|now|next|in|from|and",
        "!gunshots|gunfire|shots right|just|outside|nearby|happening|everywhere",
        "there is|are .. !gunfire|gunshots|shooting|shots|shooter",
        "theres|theyre .. !gunfire|gunshots|shooting|shots|shooter",
        "!shooter is|in|on|at|here|inside|outside",
        "active !shooter",
    ),
    "wounded": (
        "<who> has|have .. been !<pierced>",
        "<contracted> been !<pierced>",
        "i am|have|was been|just? !<pierced>",
        "<anyone_is> !stabbed|stabbing",
        "im|hes|shes !shot",
        "<who> was|were|got|been just !<pierced>",
        "just got|been|gotten !<pierced>",
        "<anyone_is> being|getting !<hurt_now>",
        "being !stabbed|knifed|strangled|raped|kidnapped|abducted|carjacked",
        "<anyone_is> .. !bleeding",
        "!bleeding out|badly|heavily|profusely|everywhere|so|really|from",
        "!bleeding to death",
        "wont|cant|not|doesnt stop|stopping the? !bleeding",
        "lost|losing|lot|lots of|so .. !blood",
        "!blood everywhere",
    ),
    "breathing": (
        "<cannot> .. !breathing|breathe",
        "<anyone_is> !choking",
        "<who_is> turning|going !blue",
        "doing|giving|started|starting|needs !cpr",
        "<anyone_is> !drowning",
    ),
    "unconscious": (
        "<anyone_is> .. !unconscious|unresponsive|seizing|convulsing",
        "wont|not|cant|isnt|doesnt !wake|waking up",
        "isnt|not|arent|wont !responding|respond|moving",
        "!passed out and|on|in|wont",
        "<who> just|suddenly !collapsed|fainted",
        "having .. heart !attack",
        "having|has|had a !stroke|seizure",
        "!chest pain|pains and|in|right|cant|shortness",
        "<anyone_is> !overdosing",
        "<who> .. !overdosed",
        "took|swallowed .. .. !pills|bleach|poison|fentanyl",
        "drank .. !bleach|poison|antifreeze",
        "<who_is> .. !dying|dead|lifeless",
        "no|without|any a? !pulse",
    ),
    "fire": (
        "there is|are .. !fire|flames|smoke",
        "theres .. !fire|flames|smoke",
        "<place>|its|is|are|just is|are|caught|still? on !fire",
        "<place> .. .. is|are .. !burning",
        "!smoke coming|pouring|filling|billowing|everywhere",
        "i|we can? smell .. !gas|smoke",
        "smells of|like !gas|smoke",
        "!gas leak in|at|inside|near|now",
        "there is|was|are just|an .. !explosion",
        "something|<place>|transformer just !exploded",
        "<anyone_is> .. !trapped|pinned",
    ),
    "crash": (
        "<who> just|has|got been|got? !hit|struck|run by|over by? <which>? .. <vehicle>",
        "just|been !hit|struck by a .. <vehicle>",
        "crash|crashed|accident|collision .. .. <person> .. !hurt|injured|trapped",
    ),
    "threat": (
        "<anyone_is> <about_to> !<hurt> <victim>",
        "<who> wants|want|will|tried|threatened|threatens|swears to? !<hurt> <victim>",
        "<he_will> !<hurt> <victim>",
        "i will|wanna|want to? !<hurt> <victim>",
        "!shoot|blow|shooting|blowing up the|our|my|this|that <place>|place",
        "threatening|threatened|threatens <victim> with .. !<weapon>",
        "<anyone_is> .. !hostage",
        "holding|held|holds|taken|taking <victim>? !hostage|hostages|captive",
    ),
    "assault": (
        "<who_is> !<hurting> up|on? <victim>",
        "<who> wont|doesnt stop !<hurting> <victim>",
        "stop !<hurting> me|us|her|him",
        "<who_is> !breaking in|into|through|down",
        "<who_is> !trying to break|get in|into|inside|down",
        "trying to !break in|into my|our|the|her",
        "there is|are .. !intruder|burglar|prowler",
        "theres .. !intruder|burglar|prowler",
        "!someone|somebody|stranger|intruder|burglar is in|inside my|our|the <place>",
        "he|man|they is|are !inside my|our|the <place>",
    ),
    "missing": (
        "<who> !took|grabbed|snatched|kidnapped|abducted my|our|the|her|his .. <young>",
        "my|our .. .. <young> is|has been|gone? !missing|vanished|disappeared",
        "!cant find my|our .. <young>",
        "!forced|pulled|dragged into <which>? .. <vehicle>",
    ),
    "self-harm": (
        "!kill|hurt|hang|shoot|drown|cut|cutting|killing|hurting <self>",
        "i|he|she|they|we .. want|wanna|wants|ready|going|gonna to? !die",
        "live|living|alive|exist !anymore",
        "want|wanna|going|gonna|ready|wants to? !end it|everything|all",
        "end|ending|take|taking my|his|her|their own? !life",
        "<anyone_is> .. !suicidal",
        "feel|feeling|feels .. !suicidal",
        "thinking|thoughts|considering|contemplating|think about|of? committing? !suicide",
        "going|gonna|about|trying|wants|want|tried|threatening|attempting to? commit|attempt !suicide",
        "!jump|jumping off|from <which> .. bridge|roof|building|balcony|overpass",
        "better off !without me",
        "no .. reason|point .. !living",
        "wish i|he|she was|were !dead",
    ),
    "call": (
        "^ <begging>? <begging>? !call|dial 911",
        "<begging> !call|dial|send .. 911|police|cops|ambulance|help",
        "!call|dial the|an|a? police|cops|ambulance right|now|please|immediately|quick|hurry",
        "call|dial 9 1 !1",
        "i|we|she|he|they .. need|needs .. !ambulance|paramedics|medics|911",
        "send .. !ambulance|paramedics|medics",
        "send|need .. !police|cops|officers right|now|immediately|asap|fast|quick|quickly|urgently|hurry",
        "!911 now|please|emergency|immediately|hurry",
        "<anyone_is> .. in !labor|labour",
        "her|my|wifes water just? !broke",
        "baby is !coming right|now",
    ),
}

_TIMELESS = {
    "shooting": (
        "!shots|gunshots|shot|bullets fired|flying|heard|being|ringing",
        "i|we .. hear|heard|hearing .. !gunshots|gunfire|shots",
    ),
    "wounded": (
        "<who> got|been|gets|was|were !<pierced>",
        "<who> .. !stabbed|knifed|shot <victim>",
        "has|have|was|were just? been? !<pierced>",
    ),
    "fire": (
        "!fire in|on|at|inside <which>|apartment .. <place>",
        "<place> caught !fire",
        "!flames are? in|on|coming|from|everywhere",
    ),
    "weapon": (
        "!armed robbery",
        "there is|are .. !robbery|stabbing|hostage|riot|brawl|carjacking",
        "theres .. !robbery|stabbing|hostage|riot|brawl|carjacking",
        "!fight .. with .. <weapon>",
    ),
}

ENGLISH = EmergencyLanguage(
    code="en",
    vocabulary=_LISTS,
    present=_PRESENT,
    timeless=_TIMELESS,
    certain=word_set("he hes hell she shes my his her him i im ill this that our"),
    learning=word_set(
        "training trainings workshop workshops class classes course courses learn learning teach teaches "
        "teaching drill drills prepare prepared preparing preparedness plan plans planning practice scenario "
        "scenarios presentation curriculum lesson lessons tabletop exercise exercises seminar session skit "
        "roleplay"
    ),
    linking=word_set("on about for of to how what where regarding covering around"),
    asking=word_pairs("what to", "how to"),
    conditions=word_set("if when whenever case suppose imagine pretend"),
    depiction=word_set(
        "graffiti mural drawing drawings picture pictures painting poster stencil sticker cartoon statue logo "
        "tattoo sculpture doodle"
    ),
    now=word_set("now hurry currently"),
    past=word_set(
        "last yesterday ago previously every always often usually sometimes frequently regularly constantly past "
        "since history summer winter spring years months weeks nightly weekly"
    ),
    recent=word_set("just minute minutes seconds moment moments"),
    compounds=word_set(
        "violence safety control prevention training trainings workshop workshops class classes course courses "
        "drill drills awareness preparedness extinguisher extinguishers truck trucks engine station hydrant "
        "hydrants marshal code codes inspection inspections inspector pit pits hazard hazards escape escapes "
        "exit exits department lane lanes policy policies law laws rights owner owners lock locks safe storage "
        "show shows shop shops store stores range buyback program programs education expert collection collector "
        "problem problems culture debate permit permits license sales sale crime crimes tattoo emoji set block "
        "sharpening skills demonstration simulation exercise exercises hoops stars season preparation insurance "
        "response detection alarm alarms suppression resistant proof fighter fighters watch wise threats forces "
        "advisory council report bureau chief budget"
    ),
    filmed=word_set(
        "hoops hoop basketball basketballs baskets video videos film films photo photos picture pictures "
        "portrait portraits movie movies documentary commercial scene scenes pool footage clip clips pics ad "
        "episode marbles stars"
    ),
    toward=word_set("at into towards toward from on in near outside inside up through"),
)
