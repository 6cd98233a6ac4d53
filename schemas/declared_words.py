"""The words that manifests use for ages and genders, in the languages most often met.

All are written as `schemas.declared.normalised` leaves them: lower case, single blanks, no underscores.
Words of two meanings are left out ('h' is homme and hembra, 'v' is vrouw and varón): they are unused.
"""

from schemas.groups import NO_END, Years


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.replace("\n", "|").split("|") if word.strip()]


# How tables write an empty cell, and how people say that they do not say.
EMPTY = frozenset(_words("n/a | na | n.a | none | null | nan | nil | - | -- | ? | missing | <na>"))
_NOTHING_SAID = """
    unknown | unknown gender | not specified | unspecified | undisclosed | not disclosed
    not declared | not stated | not given | not known | not available | not applicable
    prefer not to say | prefer not to answer | do not wish to say | does not wish to say
    rather not say | declined | declined to answer | no answer | keine angabe | k.a | unbekannt
    inconnu | inconnue | non précisé | non renseigné | desconocido | desconocida
    prefiero no decirlo | no especificado | desconhecido | não informado | sconosciuto
    non specificato | onbekend | okänd | nieznane | brak danych | неизвестно | не указано | невідомо
    bilinmiyor | belirtilmemiş | غير معروف | غير محدد | לא ידוע | अज्ञात | 不明 | 未知 | 不详 | 不詳 | 无回答
    無回答 | 回答しない | 모름 | 알 수 없음 | ไม่ระบุ | không rõ | tidak diketahui
"""
NOTHING_SAID = frozenset(_words(_NOTHING_SAID))

_FEMININE = """
    f | fem | female | feminine | woman | women | girl | lady | female feminine | cis woman
    cis female | cisgender woman | trans woman | transgender woman | trans female | mtf | she
    she/her | w | weiblich | frau | mädchen | fille | femme | féminin | féminine | feminin | mujer
    femenino | femenina | niña | chica | hembra | mulher | feminino | feminina | menina | moça
    donna | femmina | femminile | ragazza | bambina | vrouw | vrouwelijk | meisje | kvinna
    kvinnlig | flicka | kvinde | kvindelig | pige | kvinne | kvinnelig | jente | nainen
    naispuolinen | tyttö | kobieta | żeńska | żeński | k | dziewczyna | žena | ženský | ženská
    dívka | ženski | жена | женски | женщина | женский | женская | жен | ж | девушка | девочка
    жінка | жіноча | жіночий | дівчина | γυναίκα | θηλυκό | γυναικείο | femeie | femeiesc | nő | női
    kadın | kadin | kız | أنثى | انثى | امرأة | إمرأة | سيدة | بنت | זن | زن | مؤنث | مونث | خانم
    עورت | عورت | خاتون | נקבה | אישה | אשה | בת | महिला | स्त्री | औरत | लड़की | नारी | মহিলা
    নারী | মেয়ে | ਔਰਤ | ਇਸਤਰੀ | பெண் | స్త్రీ | మహిళ | ಮಹಿಳೆ | ಹೆಣ್ಣು | സ്ത്രീ | સ્ત્રી | મહિલા
    หญิง | ผู้หญิง | เพศหญิง | nữ | phụ nữ | con gái | perempuan | wanita | babae | mwanamke | kike
    ሴት | 女 | 女性 | 女士 | 女人 | 女子 | 女的 | 女生 | 여 | 여성 | 여자
"""
_MASCULINE = """
    m | masc | male | masculine | man | men | boy | gentleman | guy | male masculine | cis man
    cis male | cisgender man | trans man | transgender man | trans male | ftm | he | he/him
    männlich | mann | junge | homme | masculin | garçon | hombre | masculino | varón | varon | niño
    chico | macho | homem | menino | moço | uomo | maschio | maschile | ragazzo | bambino
    mannelijk | jongen | manlig | pojke | mand | mandlig | dreng | mannlig | gutt | mies
    miespuolinen | poika | mężczyzna | męska | męski | chłopak | muž | mužský | muški | мъж | мъжки
    мушко | мужчина | мужской | мужская | муж | м | парень | мальчик | чоловік | чоловіча
    чоловічий | хлопець | άνδρας | άντρας | αρσενικό | ανδρικό | bărbat | férfi | erkek | ذكر | رجل
    ولد | مذكر | مرد | آقا | זכר | גבר | איש | בן | पुरुष | मर्द | आदमी | लड़का | পুরুষ | ছেলে | ਮਰਦ
    ਪੁਰਸ਼ | ஆண் | పురుషుడు | ಪುರುಷ | ಗಂಡು | പുരുഷൻ | પુરુષ | ชาย | ผู้ชาย | เพศชาย | nam | đàn ông
    con trai | laki-laki | laki laki | lelaki | pria | lalaki | mwanamume | mwanaume | kiume | ወንድ
    男 | 男性 | 男士 | 男人 | 男子 | 男的 | 男生 | 남 | 남성 | 남자
"""
_NONBINARY = """
    nonbinary | non-binary | non binary | nb | enby | x | divers | diverse | genderqueer
    gender queer | genderfluid | gender fluid | agender | bigender | two-spirit | two spirit
    third gender | neutral | neutrois | they | they/them | other | another gender | nichtbinär
    nicht-binär | non-binaire | non binaire | no binario | no binaria | no binarie | não-binário
    não binário | não binária | non binario | non binaria | niet-binair | icke-binär | ikke-binær
    niebinarna | niebinarny | небинарный | небинарная | 非二元 | 第三性 | ノンバイナリー | 논바이너리
"""


GENDER_WORDS: dict[str, str] = {
    **dict.fromkeys(_words(_FEMININE), "feminine"),
    **dict.fromkeys(_words(_MASCULINE), "masculine"),
    **dict.fromkeys(_words(_NONBINARY), "nonbinary"),
    **{word: word for word in ("intersex", "transgender")},
}

AGE_WORDS: dict[str, Years] = {
    **dict.fromkeys(("infant", "baby", "toddler"), (0, 3)),
    **dict.fromkeys(("child", "children", "kid", "kids"), (0, 13)),
    **dict.fromkeys(("teen", "teens", "teenager", "teenage", "adolescent"), (13, 20)),
    **dict.fromkeys(("minor", "underage"), (0, 18)),
    **dict.fromkeys(("adult", "adults"), (18, NO_END)),
}
DECADES: dict[str, int] = {
    "twenties": 20, "thirties": 30, "forties": 40, "fourties": 40, "fifties": 50, "sixties": 60,
    "seventies": 70, "eighties": 80, "nineties": 90,
}  # fmt: skip

# Regular expressions; units come after a number, the other words before or after it.
AGE_UNITS = (
    "years?(?: old| of age)?", "yrs?\\.?(?: old)?", "y\\.?/?o\\.?", "y", "ans?", "jahren?(?: alt)?",
    "j", "años?", "anos?", "anni", "jaar", "år", "vuotta?", "lat", "rok[uy]?", "let", "лет", "года?",
    "років", "роки", "χρον[ών]+", "yaş(?:ında)?", "سنة", "سنوات", "عام", "سال", "שנים", "שנה", "वर्ष",
    "साल", "বছর", "வயது", "ปี", "tuổi", "tahun", "岁", "歲", "歳", "才", "세", "살",
)  # fmt: skip
RANGE_WORDS = (
    "-", "\\.\\.+", "to", "until", "till", "through", "and", "bis", "à", "a", "e", "y", "et", "до",
    "til", "tot", "do", "から", "至", "到",
)  # fmt: skip
AT_LEAST_BEFORE = (
    ">=", "≥", "=>", "at least", "from", "min\\.?", "minimum", "ab", "mindestens", "à partir de",
    "desde", "от", "с",
)  # fmt: skip
AT_LEAST_AFTER = (
    "and (?:over|older|above|up|more)", "or (?:over|older|above|more)", "plus", "und älter", "und mehr",
    "et plus", "ans et plus", "y más", "o más", "e più", "ou mais", "и старше", "以上", "이상",
)  # fmt: skip
MORE_BEFORE = (
    ">", "over", "above", "older than", "more than", "über", "älter als", "plus de", "más de",
    "mayor(?:es)? de", "mais de", "più di", "oltre", "больше", "старше",
)  # fmt: skip
LESS_BEFORE = (
    "<", "under", "below", "younger than", "less than", "unter", "jünger als", "moins de", "menos de",
    "menor(?:es)? de", "meno di", "до", "младше", "меньше",
)  # fmt: skip
LESS_AFTER = (
    "未満", "未满", "미만",
)  # fmt: skip
AT_MOST_BEFORE = (
    "<=", "≤", "=<", "up to", "at most", "max\\.?", "maximum", "bis", "höchstens", "jusqu'à", "hasta",
    "até", "fino a",
)  # fmt: skip
AT_MOST_AFTER = (
    "and (?:under|younger|below|less)", "or (?:under|younger|below|less)", "以下", "이하",
)  # fmt: skip
