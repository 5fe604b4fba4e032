"""What categories stand for by their words: names in the style of publishers in five languages, judged one by one.

A guard against change, not a measure of precision: the lists were written for this test."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm._text import fold_category
from geoharm.model.category_words import Sense, category_sense, is_proactive, source_kind

# By what must be found: categories as published, and a few that could be taken for one.
JUDGED = {
    "needles": """
        Needle Pickup|Needle Clean-up|Discarded Needles|Sharps / Syringes|NEEDLES FOUND IN PARK|Injectienaald op straat
        Spritzenfund|Seringues abandonnées|Seringue trouvée|Jeringas en vía pública|Jeringa encontrada""",
    "overdoses": """
        DRUG OVERDOSE|Overdose|OVERDOSE/POISONING|SICK ASSIST - DRUG RELATED ILLNESS|Narcan administered|Ambulance overdosis
        Drogenüberdosis|Drogentote|Surdose|Sobredosis|Overdose, not fatal""",
    "violence": """
        ASSAULT - AGGRAVATED|ASSAULT-SIMPLE|BATTERY|CRIM SEXUAL ASSAULT|DOMESTIC VIOLENCE|HOMICIDE|INTIMIDATION|KIDNAPPING|ROBBERY
        SEX OFFENSE|STALKING|Aggravated Assault No Firearm|Robbery No Firearm|Other Sex Offenses (Not Commercialized)|Rape
        MURDER & NON-NEGL. MANSLAUGHTER|MURDER, NON-NEGLIGIENT MANSLAUGHTER|FELONY ASSAULT|HARASSMENT/ CRIMINAL HARASSMENT
        THREATS TO DO BODILY HARM|Violence and sexual offences|SHOTS FIRED/ILLEGAL HUNTING CALL|SHOTS FIRED|Shooting
        ABDUCTION/KIDNAPPING|STAB/GUNSHOT|Drug-related homicide|Drug facilitated sexual assault|Non-domestic assault
        Zedenmisdrijf|Moord, doodslag|Openlijk geweld (persoon)|Bedreiging|Mishandeling|Straatroof|Overval|Steekpartij
        Mord|Totschlag|Vergewaltigung, sexuelle Nötigung|Raub, räuberische Erpressung|Gefährliche und schwere Körperverletzung
        Koerperverletzung|Häusliche Gewalt|Straßenraub|STRASSENRAUB|Schlägerei
        Tentatives d'homicide|Coups et blessures volontaires|Violences sexuelles|Viols|Vols avec armes|Vols violents sans arme
        Menaces ou chantages|Rixe|Coups de feu|Homicidio doloso|Lesiones dolosas|Violencia de género|Abuso sexual|Violación
        Robo con violencia|Secuestro|Amenazas|Riña|Tiroteo""",
    "disorder": """
        Anti-social behaviour|Antisocial Behavior|Criminal damage and arson|Public order|CRIMINAL TRESPASS|Disorderly Conduct
        Vagrancy/Loitering|Vandalism/Criminal Mischief|GRAFFITI|NOISY PARTY/RADIO-NO ARREST|Noise - Residential|Public Drunkenness
        Overlast jeugd|Drugs/drankoverlast|Vernieling cq. zaakbeschadiging|Aantasting openbare orde|Huisvredebreuk|Geluidsoverlast
        Sachbeschädigung|Sachbeschaedigung|Brandstiftung|Ruhestörung|Lärmbelästigung|Hausfriedensbruch
        Destructions et dégradations volontaires|Tapage nocturne|Trouble à l'ordre public|Incendie volontaire|Mendicité
        Daños|Desorden público|Vandalismo|Grafitis""",
    "theft and burglary": """
        LARCENY-SHOPLIFTING|LARCENY THEFT FROM MV - NON-ACCESSORY|MOTOR VEHICLE THEFT|AUTO THEFT|Burglary Non-Residential|Thefts
        Bicycle theft|Vehicle crime|Other theft|Shoplifting|FRAUD-FALSE PRETENSE|GRAND LARCENY OF MOTOR VEHICLE|Theft of drugs
        BREAKING AND ENTERING (B&E) MOTOR VEHICLE|Theft without violence
        Diefstal/inbraak woning|Zakkenrollerij|Winkeldiefstal|Fraude (overig)|Diefstal persoonlijke bezittingen
        Ladendiebstahl|Wohnungseinbruch|Fahrraddiebstahl|Betrug|Verdacht auf Diebstahl
        Cambriolages de logement|Vols de véhicules|Vols sans violence contre des personnes|Escroqueries
        Robo a casa habitación|Robo sin violencia|Hurtos|Estafa""",
    "activity": """
        Drugs|NARCOTICS|OTHER NARCOTIC VIOLATION|DRUGS - POSSESSION/ SALE/ MANUFACTURING/ USE|DRUG/NARCOTICS VIOLATION|Drug arrest
        Possession of weapons|Possession of hypodermic needles|Stop and search|WARRANT ARREST|Arrest for assault|SEARCH WARRANT
        WEAPON - FIREARM - CARRYING / POSSESSING, ETC|FIREARM/WEAPON - FOUND OR CONFISCATED|TRAFFIC STOP|Traffic Violation Arrest
        Seizure of cash|POSSESSION OF STOLEN PROPERTY|Aanhouding|Inbeslagname drugs|Drugshandel|Harddrugs|Wapenbezit
        Festnahme|Sicherstellung Betäubungsmittel|Beschlagnahme|Durchsuchung|Rauschgiftdelikte|Verstoß gegen das BtMG
        Betäubungsmittelbesitz|Betaeubungsmittelhandel|Saisie de drogue|Interpellation|Perquisitions|Trafic de stupéfiants
        Usage de stupéfiants (AFD)|Incautación de droga|Detenidos|Detención|Tenencia de drogas|Narcomenudeo|Cacheo""",
    "doubtful": """
        TOWED VEHICLE|TOWED MOTOR VEHICLE|PROPERTY-FOUND/RECOVERED|PROPERTY-LOST|Lost Property|FIRES NOT ARSON|Non-violent offense
        FAMILY OFFENSE-NON-VIOLENT|Nonviolent protest|SUSPICIOUS CIRCUMSTANCES-SITUATION/PERSON/VEHICLE|SERVICE WEAPON DISCHARGE
        RECOVERED - MV RECOVERED IN BOSTON (STOLEN OUTSIDE BOSTON)|M/V ACCIDENT - PROPERTY DAMAGE|Recovered Stolen Motor Vehicle
        Burglary alarm|Unfounded assault|Sex offender registration|M/V - LEAVING SCENE - PROPERTY DAMAGE|Vehicle Impounded
        Homicide - Justifiable|No violence|Abandoned Vehicles|Drunk driving
        Gevonden voorwerpen|Vals alarm inbraak|Geweldloos verzet|Wateroverlast|Geen inbraak|Verdachte situatie
        Gewaltloser Protest|Kein Einbruch|Fundsache|Fahrzeug abgeschleppt|Fehlalarm Einbruch|Verkehrsunfall mit Sachbeschädigung
        Objets trouvés|Mise en fourrière|Véhicule suspect|Rassemblement non violent|Accident de la route
        Objetos perdidos|Vehículo sospechoso|Manifestación no violenta|Falsa alarma""",
    "unknown": """
        Other crime|WEAPONS VIOLATION|NON-CRIMINAL|NON - CRIMINAL|INVESTIGATE PROPERTY|Street Light Out|Establishment inspection
        LIQUOR LAW VIOLATION|GAS: HYDROGEN LEAK|Roof leak|ALARMA|Missing person|Maintenance|Removal|Beginner class|Vehicle|Property
        Therapist visit|Overige vermogensdelicten|Vermisste Person|Violation de domicile|Incendies non commandés|Daily report""",
}  # fmt: skip
CASES = [
    (" ".join(category.split()), wanted)
    for wanted, texts in JUDGED.items()
    for line in texts.splitlines()
    for category in line.split("|")
    if category.strip()
]


def found(category, kind=""):
    sense = category_sense(category, kind=kind)
    return sense.group.name if sense.group else sense.sense.value


@pytest.mark.parametrize(("category", "wanted"), CASES, ids=[category for category, _ in CASES])
def test_a_category_stands_for_what_was_judged_by_hand(category, wanted):
    assert found(category) == wanted
    assert found(category.upper()) == wanted
    assert found(category.replace(" ", "_")) == wanted


@given(st.sampled_from([one for one in CASES if one[1] in ("violence", "theft and burglary", "disorder")]), st.data())
def test_a_negation_before_the_only_word_leaves_no_harm(case, data):
    """Every word that makes a category a harm, negated: none is counted, and none becomes activity."""
    lists = tomllib.loads(resources.files("geoharm.model").joinpath("category_words.toml").read_text(encoding="utf-8"))
    group = next(group for group in lists["group"] if group["name"] == case[1])
    word = data.draw(st.sampled_from(group["words"])).lstrip("*=")
    negation = data.draw(st.sampled_from(lists["negations"]))
    between = data.draw(st.sampled_from([" ", "-", " the "]))
    if (
        found(word) != case[1]
        or len(fold_category(word).split()) > 1
        or (negation, between, word[:6]) == ("anti", "-", "social")
    ):
        return
    assert category_sense(f"{negation}{between}{word}").sense is Sense.DOUBTFUL


@given(st.text(max_size=40))
def test_any_text_has_one_sense(text):
    sense = category_sense(text)
    assert (sense.group is not None) == (sense.sense is Sense.HARM)
    assert is_proactive(text) == (sense.sense is Sense.ACTIVITY)
    assert found(text.upper()) == found(text.upper().replace("-", "\u2013"))


def test_a_health_source_holds_no_police_activity():
    for category in ("CARDIAC ARREST", "Seizures", "Drug/alcohol", "Convulsions/Seizure"):
        assert not is_proactive(category, kind="health")
    assert not is_proactive("CARDIAC ARREST")
    assert is_proactive("Seizures")


@pytest.mark.parametrize(
    ("names", "categories", "kind"),
    [
        ("tempe-ems Opioid EMS calls.csv", {}, "health"),
        ("boston-311-needles needle_2015.geojson", {}, "needle_find"),
        ("admissions.csv", {"self": 4}, "treatment_entry"),
        ("incidents.csv", {"OVERDOSE": 40, "THEFT": 900, "ASSAULT": 300}, "incident"),
        ("calls.csv", {"OVERDOSE": 400, "OVERDOSE FATAL": 90, "FALL": 30}, "health"),
        ("meldingen.csv", {"Injectienaald": 30, "Afval": 10}, "needle_find"),
        ("x.csv", {}, "incident"),
    ],
)
def test_the_kind_of_a_source_is_that_of_its_names_or_of_most_rows(names, categories, kind):
    assert source_kind(names, categories) == kind
