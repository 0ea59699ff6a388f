"""Somali emergency wording, unreviewed by a native speaker: recall is lower than in English and not yet measured.

Apostrophes are dropped before matching, so "la'" is written "la" here. A verb ends differently for him, her and them;
the alternatives list the forms that were thought of.
"""

from upstream_intake.rules.emergency_context import EmergencyLanguage
from upstream_intake.rules.plain_text import word_pairs, word_set

_LISTS = {
    "weapon": (
        "qori|qoriga|bastoolad|bastoolada|bistoolad|mindi|mindida|middi|middida|toorey",
        "hub|hubka|buntukh|qaraabiin|qarax|bam|bambo|bunduq|faas|baangad",
    ),
    "holds": (
        "haystaa|haysta|haysataa|haysata|haystaan|sita|sitaa|sidataa|sidaa|sidaan|wata",
        "wataa|wadata|wataan|hayaa|haya|haystay|sidata|qaataa|heysta|heystaa|heysataa",
    ),
    "focus": ("baa|ayaa|waa|waxaa|wuu|way|wuxuu|waxay|ayay|ayuu|buu|bay|waxuu|miyaa",),
    "house": (
        "guriga|gurigu|dhismuhu|gurigayga|gurigeenna|gurigeena|gurigayaga|dhismaha|dhismaheena|dhismaheenna",
        "jikada|dugsiga|iskuulka|baabuurka|gaariga|qolka|masjidka|dukaanka|aqalka",
        "apartmentka|xafiiska|albaabka|daaqadda|dabaqa|dabaqayga",
    ),
    "child": (
        "ilmahayga|wiilkayga|gabadhayda|caruurtayda|carruurtayda|inankayga|inantayda|ilmaha",
        "wiilka|gabadha|walaalkay|walaashay|ubadkayga",
    ),
}

_PRESENT = {
    "weapon": (
        "!<weapon> <focus>? <holds>",
        "<holds> .. !<weapon>",
        "!<weapon> .. <holds>",
        "!<weapon> <focus>? igu|nagu|ku|i|na la? tilmaamayaa|hanjabayaa|hayaa|fiiqayaa|hanjabaya|taagayaa",
        "ku !hubaysan|hubeysan",
        "nin|niman|qof|rag !hubaysan|hubeysan",
        "!bam|qarax <focus>? .. yaalla|jira|ku",
    ),
    "shooting": (
        (
            "!rasaas|rasaasta|xabad|xabado|xabbad|xabbado .. .. ridayaa|ridaya|ridayaan|dhacaysa|dhacayaan|"
            "socota|dhacayso|furayaa"
        ),
        "!ridayaa|ridaya|ridayaan|rideysa .. rasaas|xabad|xabado|xabbado",
        "!toogashada|toogasho .. .. socota|dhacaysa|jirta|socoto|dhacday hadda?",
        "na|i|dadka|nagu|igu <focus>? .. !toogashada|toogaanayaan|toogaya|toogayaa|toogtay|rasaaseeyay|rasaasaynayaan",
        "!toogaya|toogayaa|toogaanaya|toogaanayaan|toogayaan|toogteen",
        "waxaan|waxaanu maqlayaa|maqlaynaa|maqlayaan|maqlayna !rasaas|xabado|xabbado",
    ),
    "wounded": (
        "la|nala !toogtay|mindiyeeyay|mindiyeeyey|tooreeyay",
        "!mindi|middi|toorey <focus>? .. lagu .. dhuftay|mudey|muday|dhufanayaa|mudayaa|dhuftey",
        "!dhiig .. .. socda|baxaya|bixinayaa|socdaa|daadanaya|bixinaysaa|bixinaya|ka",
        "!dhiigbaxaya|dhiigbaxayaa|dhiigbaxaysaa|dhiigaya|dhiigayaa|dhiigaysaa",
        "waa la? !dhaawacay daran|aad",
    ),
    "breathing": (
        "ma .. !neefsanayo|neefsanayso|neefsanaayo|neefsanayaan|neefsanaya|neefsado|neefsan|neefsanin|neefsato",
        "!neefsan la|kari|maayo|mayso|waayay|waayey|karo|waayday la|maayo|karo?",
        "!neefsan ma karo|karto|kartid|karaan|karayo|karin",
        "!neefsan maayo|mayso|waayay|waayey|waayday|waysay",
        "!neeftu|neefta|neeftii .. .. dhegtay|istaagtay|joogsatay|qabatay",
        "<focus> !marganayaa|marganaysaa|ceejinayaa|margaday|margatay",
        "<focus>? biyaha <focus>? ku !hafanaya|hafanayaa|qarqoomaya|hafanaysaa",
    ),
    "unconscious": (
        "!miyir daboolan|la|beelay|beeshay|doorsoomay",
        "!miyirka .. .. beelay|beeshay|waayay|waayey",
        "!suuxay|suuxday|suuxdin|suuxsan",
        "ma .. !toosayo|soo|toosayso|jawaabayo|jawaabayso|dhaqaaqayo|dhaqaaqayso toosayo|baraarugayo?",
        "!wadnaha|wadnihii|wadnuhu .. .. istaagay|joogsaday|xanuunayaa|qabtay",
        "!wadne istaag|xanuun|qabad",
        "<focus> .. !dhimanayaa|dhimanaysaa|dhimanaya|dhintay|dhimatay",
        "!kiniiniyo|daroogo|kaniini .. xad|badan .. .. dhaaf|dhaafka|liqay|qaatay|cuntay",
    ),
    "fire": (
        "!dab <focus>? .. ka|ku .. kacay|kacayaa|socda|jira|qabsaday|shidan|baxaya|holcaya",
        "waxaa .. ka kacay !dab",
        "<house> .. <focus>? .. !gubanaya|gubanayaa|guban|gubaneysa|gubanaysa",
        "<house> .. .. !dab <focus>? .. qabsaday|kacay|haysta|kashacay",
        "waxaa|baa|ayaa !gubanaya|gubanayaa <house>",
        "!qiiq|qiiqa .. .. badan|buuxa|buuxiyay|baxaya|buuxiyey|imanaya",
        "urta|ur|urayaa|ureysa .. !gaas|gaaska|gaasta",
        "!qarax <focus> .. dhacay|ka",
        "<focus>? .. ku .. !xayiran|xannibay|xanniban|xayiranahay .. dab|qiiq|<house>?",
    ),
    "threat": (
        "<focus>? .. i|na|la|ii !dilayaa|dilaya|dilayaan|dilaysaa|diladayaa",
        "i|na|inuu|inay|inuu|ay .. !dilo|dilaan|dilayo|disho|toogto|gowraco",
        "i|na|ku !dili|toogan doonaa|rabaa|doonaan|rabaan|doontaa",
        "i|na !dili|toogan .. doonaa|doonaan",
        "!dil|dilid <focus>? .. igu|nagu|iigu .. hanjabay|hanjabayaa|hanjabaya",
        "<focus> .. dadka .. !dilayaa|laynayaa|laayay|dilaya",
    ),
    "assault": (
        "i|na|<focus> .. !garaacayaa|garaacaya|garaacayaan|garaacaysaa|kufsanayaa|kufsanaya|weerarayaa|weeraraya",
        "la !kufsanayaa|kufsaday|kufsanaya|weeraray|weerarayaa|ceejinayaa",
        "!tuug|tuugo|qof|nin <focus>? .. <house> .. ku|soo|gudaha .. jira|galay|galaya|jiraan|jabsanayaa|jabsanaya",
        "<house> .. .. .. !jabinayaa|jabsanayaa|jebinayaa|jabinaya|jabsanaya|jebinaya|jebinayaan|jabinayaan",
    ),
    "missing": (
        "la !afduubay|afduubtay|afduubtey|qafaashay|afduubey|afduubanayaa",
        "<child> .. .. !waayay|waayey|maqan|afduubay|kaxaystay|kaxeystay",
        "<focus> .. .. !kaxaystay|kaxaysteen <child>",
        "waan? !waayay|waayey <child>",
    ),
    "self-harm": (
        "inaan|inuu|inay|inaad|aan .. is !dilo|disho|deldelo|gooyo",
        "<focus>|waan|waxaan .. is !dilayaa|dili|dilaya",
        "ma .. rabo|doonayo .. .. inaan sii? !noolaado|noolaad|nolaado",
        "waxaan rabaa|doonayaa|doonaya inaan !dhinto|dhimto|geeriyoodo",
        "!nolosha .. .. daalay|quustay|nacay",
        "ka? fikirayaa|fekerayaa|fikiraya inaan is !dilo",
        "!isdil|isdilid|isdilo|isdili <focus>? .. fikirayaa|rabaa|fekerayaa|doonaa|ka|rabo",
        "nafta|nafteyda|naftayda iska|ka .. !qaado|goyn|jaro|gooyo",
    ),
    "call": (
        "!wac|waca|soo|u wac|waca? 911|booliska|boliiska|ambalaas|ambalaaska|ambulance|booliiska",
        "!ambalaas|ambalaaska|ambulance|gargaar deg|degdeg|soo|u|baan|dir deg|dira|dir|baahan|u?",
        "!booliska|boliiska|booliiska .. soo dira|dir|wac|waca",
        "i|na !caawi|caawiya|badbaadi|badbaadiya fadlan|hadda|wuu|way|degdeg",
        "fool|foosha <focus>? .. !haysaa|qabatay|haysa|hayaa",
    ),
}

_TIMELESS = {
    "wounded": ("<focus> la .. !dilay|laayay", "!gaari|baabuur <focus> .. jiiray|dhuftay|jiirsiiyay"),
    "shooting": ("!rasaas|xabad|xabado .. .. dhacday|ridday|rideen|la",),
}

SOMALI = EmergencyLanguage(
    code="so",
    vocabulary=_LISTS,
    present=_PRESENT,
    timeless=_TIMELESS,
    certain=word_set("wuu way wuxuu waxay i na igu nagu ninkayga"),
    learning=word_set(
        "tababar tababarka tababarro tababaro aqoonisweydaarsi siminaar cashar casharo barasho barashada barno "
        "barano wacyigelin wacyigelinta xirfad diyaargarow barnaamij"
    ),
    linking=word_set("ku ka oo loo looga saabsan lagu"),
    asking=word_pairs("waxa la", "sida loo", "sida looga"),
    conditions=word_set("marka haddii hadday hadduu"),
    depiction=word_set("sawir sawirka sawiro farshaxan muuqaal"),
    now=word_set("hadda haddeer hada imika imminka"),
    past=word_set("shalay xalay hore sannadkii sanadkii usbuucii toddobaadkii bishii dorraad marwalba habeenkasta"),
    recent=word_set("daqiiqo daqiiqado daqiiqadood"),
    compounds=word_set("tababar carruureed ciyaareed kahortag demis damis damiska"),
)
