"""Spanish emergency wording, unreviewed by a native speaker. Accents are written but make no difference."""

from upstream_intake.rules.emergency_context import EmergencyLanguage
from upstream_intake.rules.plain_text import word_pairs, word_set

_LISTS = {
    "weapon": (
        "arma|armas|pistola|pistolas|cuchillo|cuchillos|navaja|machete|rifle|escopeta",
        "revólver|bomba|fusil|metralleta|granada|puñal|cuerno",
    ),
    "person": (
        "hombre|hombres|mujer|mujeres|señor|señora|tipo|tipos|muchacho|muchachos|muchacha",
        "chico|chica|niño|niña|niños|niñas|joven|jóvenes|vecino|vecina|vecinos|esposo",
        "esposa|marido|novio|novia|ex|hijo|hija|hijos|hermano|hermana|papá|padre",
        "mamá|madre|abuelo|abuela|tío|tía|primo|prima|amigo|amiga|bebé|persona",
        "personas|ladrón|ladrones|estudiante|alumno|chavo|chava|sujeto|desconocido|gente",
        "compañero|compañera|cuñado|suegra|suegro|cliente|chofer|conductor|maestra|maestro",
    ),
    "which": (
        "un|una|el|la|los|las|mi|mis|su|sus|ese|esa|este|esta|unos|unas",
        "otro|otra|dos|tres|nuestro|nuestra|al|del|tu",
    ),
    "who": ("él|ella|ellos|ellas|alguien", "<which> .. <person>", "<person>"),
    "is": ("está|están|estoy|estamos|ta|anda|andan|sigue|siguen|esta",),
    "whom": ("<which> .. <person>", "a|al? alguien", "nos", "todos", "<person>"),
    "place": (
        "casa|edificio|apartamento|departamento|cocina|garaje|cuarto|escuela|tienda|oficina",
        "iglesia|carro|coche|camioneta|troca|bosque|sótano|piso|baño|trabajo|calle",
        "pasillo|techo|restaurante|parque|vivienda|hogar|puerta|ventana|recámara",
    ),
    "vehicle": ("carro|coche|camión|camioneta|auto|autobús|tren|troca|moto|bus",),
    "hurting": (
        "golpeando|pegando|atacando|ahorcando|estrangulando|violando|matando|apuñalando",
        "acuchillando|asaltando|persiguiendo|siguiendo|robando|secuestrando|pateando|disparando",
        "agrediendo|apuntando|amenazando|asfixiando|tirando|balaceando",
    ),
    "kill": (
        "matar|matarme|matarnos|matarla|matarlo|matarlos|dispararme|disparar|dispararle",
        "dispararnos|apuñalar|apuñalarme|golpearme|violarme|acuchillarme|balear|quemarme",
    ),
}

_PRESENT = {
    "weapon": (
        "tiene|tienen|trae|traen|lleva|llevan|porta|carga|sacó|agarró|tengo un|una|su|la? .. !<weapon>",
        "<who> con|armado|cargando|sosteniendo un|una|su|el|la|de? .. !<weapon>",
        "<is> !armado|armados|armada|armadas",
        "<which> .. !armado|armados|armada",
        "anda|andan|entró|viene|vienen|vino con un|una|el|su? .. !<weapon>",
        "!apuntando|apunta|apuntó con|a|me|nos|le un|una|la|su|alguien|mi",
        "!<weapon> en la|su mano|cabeza|cara|cuello|pecho",
        "hay una .. !bomba",
        "!amenaza|amenazando|amenazó con un|una|su|el .. <weapon>",
        "!amenazándonos|amenazándome con .. <weapon>",
    ),
    "shooting": (
        "<is> .. !disparando|balaceando|tiroteando",
        "nos|me|le|les <is> .. !disparando|tirando",
        "hay .. !tiroteo|balacera|balazos|disparos|tiros|tirador",
        "se? !oyen|escuchan|escucho|oigo|escuchamos|oímos .. disparos|balazos|tiros",
        "!tirador en|activo|está",
        "!disparan|dispara|disparó a|contra|desde|hacia",
    ),
    "wounded": (
        "le|me|lo|la|les|nos !dispararon|balearon|apuñalaron|acuchillaron|balacearon",
        "<is> .. !sangrando|desangrando|desangrándose|apuñalado|herido|baleado",
        "se <is> .. !desangrando",
        "perdiendo|perdido|pierde|mucha .. .. !sangre",
        "!herido|herida de bala",
        "<is> !apuñalando|acuchillando",
        "acaban de !apuñalar|disparar|balear|acuchillar|disparar|atropellar",
    ),
    "breathing": (
        "no .. !respira|respiran|respirar|respirando|respiro",
        "dejó de !respirar",
        "se|me|nos <is> .. !ahogando|asfixiando|atragantando",
        "<is> .. !ahogándose|asfixiándose|atragantándose",
        "se está poniendo !morado|azul|morada",
    ),
    "unconscious": (
        "<is> .. !inconsciente|desmayado|desmayada|convulsionando|inconscientes",
        "no .. !despierta|responde|reacciona|despertar",
        "se|me !desmayó|desplomó|desmayé",
        "ataque|infarto al|de !corazón|cardíaco|cardiaco",
        "dando|tuvo|teniendo|tiene un .. !infarto|derrame",
        "sobredosis|convulsiones ahora|está|de|por !sobredosis|fentanilo|pastillas",
        "tiene|tuvo|teniendo|sufriendo|por una|de? !sobredosis|convulsiones",
        "se tomó|tragó .. !pastillas|cloro|veneno",
        "se <is> !muriendo",
        "<is> !muerto|muerta|muertos",
        "no tiene !pulso",
    ),
    "fire": (
        "hay un|una|mucho|mucha? !fuego|incendio|humo|llamas|explosión",
        "se <is> .. !quemando|incendiando",
        "<is> .. !quemándose|incendiándose|ardiendo|llamas",
        "<is> en !llamas|fuego",
        "!incendio|fuego en mi|el|la|nuestro|nuestra|un .. <place>",
        "huele a|mucho .. !gas|humo|quemado",
        "hay|tenemos una? !fuga de gas",
        "!explotó|estalló algo|un|una|el|la",
        "<is> .. !atrapado|atrapada|atrapados|atrapadas|encerrados",
    ),
    "crash": (
        "!atropelló|atropellaron a|al",
        "lo|la|me|los !atropelló|atropellaron|atropelló un|una|el? <vehicle>?",
        "acaban de !chocar|atropellar|atropellaron",
    ),
    "threat": (
        "me|nos|la|lo|los|le|les va|van|quiere|quieren|voy|iba a? !<kill>",
        "va|van|quiere|quieren|voy|amenaza|amenazó|amenazan|dice|intenta a|con|de|que? me|nos|va|a? !<kill>",
        "me|nos !matará|matarán|matan|mata",
        "dice que .. va .. !<kill>",
    ),
    "assault": (
        "me|nos|la|lo|le|los|se <is> !<hurting>",
        "<is> !<hurting> a|al|con <whom>|mi|una|un|la",
        "<is> .. !golpeándome|golpeándola|pegándole|atacándome|atacándonos|violándola|siguiéndome|golpeándolo",
        "!metiendo|metiéndose|entrando|entrar|meterse .. a|en|por mi|la|nuestra .. <place>",
        "hay <who> .. en mi|nuestra !casa|apartamento|departamento|cuarto|cocina",
        "hay|está|están un|alguien|<who> .. !dentro|adentro de? mi|la|nuestra <place>",
        "!ladrón|intruso en mi|la|nuestra <place>",
        "no? para|deja de !golpearme|pegarme|golpearla|pegarle",
        "se !metieron|metió .. .. mi|nuestra casa|apartamento y|está|están|sigue",
        "!forzando|rompiendo|tumbando la|mi puerta|ventana|cerradura",
    ),
    "missing": (
        "se !llevaron|llevó a? mi|mis|nuestro .. .. hijo|hija|niño|niña|bebé|hijos",
        "!secuestraron|secuestró|raptaron a|mi|una",
        "no encuentro|aparece .. !hijo|hija|niño|niña|bebé",
    ),
    "self-harm": (
        "!matarme|suicidarme|ahorcarme|cortarme|matarse|suicidarse|quitarme|quitarse",
        "quiero|quisiera|voy a? !morir|morirme",
        "no quiero|quiere seguir|más? !vivir|viviendo|viva",
        "pensando|pensado|pienso en .. !suicidio|suicidarme|matarme",
        "me voy|quiero a? !suicidar|matar|ahorcar",
        "se va|quiere|intentó|trata a|de? !suicidar|matar|suicidarse|matarse",
        "!acabar|terminar con mi|su|todo vida|ya?",
        "ya? no tengo|tiene .. .. de|para !vivir",
        "!tirarme|aventarme|lanzarme del|de|desde un|el? puente|techo|edificio",
    ),
    "call": (
        "!llamen|llame|llama|llamar|marquen|marca al|a 911|la? policía|ambulancia|emergencias",
        "!llamen|llame|llama al 911",
        "!manden|envíen|mande|envíe|necesito|necesitamos .. ambulancia|policía|paramédicos|patrulla|bomberos",
        "!auxilio|socorro",
        "!ayúdenme|ayuda|ayúdennos por? favor|me|está|rápido|urgente me|está|nos|ya",
        "rompió|reventó la !fuente",
        "<is> de|en !parto",
    ),
}

_TIMELESS = {
    "shooting": ("!disparos|balazos|balacera|tiroteo afuera|en|cerca|por|ahora|ahorita",),
    "wounded": (
        "!apuñalaron|balearon|acuchillaron|balacearon|dispararon a|mi|al|le|contra",
        "fue !apuñalado|baleado|atropellado|apuñalada|atropellada|baleada",
    ),
    "threat": ("me|nos !amenazó|amenaza|amenazan|amenazaron con|de .. <weapon>|muerte",),
    "weapon": ("!robo|asalto a mano armada", "nos|me|están|está !asaltaron|asaltando"),
}

SPANISH = EmergencyLanguage(
    code="es",
    vocabulary=_LISTS,
    present=_PRESENT,
    timeless=_TIMELESS,
    certain=word_set("él ella mi mis me nos su ese esa yo"),
    learning=word_set(
        "capacitación capacitaciones taller talleres curso cursos clase clases entrenamiento entrenamientos "
        "charla charlas aprender aprendamos enseñar enseñen simulacro simulacros plan preparación prepararnos"
    ),
    linking=word_set("sobre de para acerca qué cómo contra"),
    asking=word_pairs("qué hacer", "cómo actuar", "cómo reaccionar", "cómo responder"),
    conditions=word_set("si cuando caso"),
    depiction=word_set("grafiti graffiti mural dibujo foto pintura cartel póster imagen estatua calcomanía"),
    now=word_set("ahora ahorita ya rápido apúrense"),
    past=word_set(
        "ayer anoche pasado pasada pasados pasadas hace antes siempre cada seguido años meses semanas veces historia anterior"
    ),
    recent=word_set("minuto minutos segundos momento rato acaba acaban recién"),
    compounds=word_set(
        "juguete agua taller capacitación simulacro prevención seguridad película vídeo video fuego artificial"
    ),
    filmed=word_set("video vídeo película foto fotos"),
    toward=word_set("a al contra hacia desde en"),
)
