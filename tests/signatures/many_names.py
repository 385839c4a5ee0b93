"""A thousand names as people sign, in every script that they may sign in: invented, and the same in each run."""

from random import Random
from unicodedata import normalize

from signatures.invented import FIRST_NAMES, SURNAMES

# Given names and family names; each of those stands beside each of these.
SCRIPTS = {
    "Andes": f"{'|'.join(FIRST_NAMES)} + {'|'.join(SURNAMES)}",
    "Vietnamese": "Thị Ánh|Văn Hữu|Ngọc Diễm + Nguyễn|Trần|Phạm|Lê",
    "Latin": "Þórdís|Zoë|Łukasz|İbrahim|Åse|Şəbnəm|Ọlá + O’Brien|D'Angelo|Ünal|Žižková|Ħal-Għaxaq",
    "Greek": "Ελένη|Γιώργος + Παπαδοπούλου|Ιωάννου",
    "Cyrillic": "Алёна|Юрій|Ђорђе|Өлжас + Иванова|Шевченко|Ћирић",
    "Armenian": "Անի|Հայկ + Սարգսյան|Հակոբյան",
    "Georgian": "ნინო|გიორგი + ბერიძე|კაპანაძე",
    "Chinese": "小明|秀英|伟 + 王|欧阳|李",
    "Japanese": "花子|たろう|ケンジ + 佐藤|鈴木|髙橋",
    "Korean": "민수|지영|하늘 + 김|이|박|황보",
    "Ethiopic": "አበበ|ጽጌ + በቀለ|ወልደማርያም",
    "Tifinagh": "ⴰⵎⴰⵣⵉⵖ|ⵜⵉⵍⵍⵉ + ⵓⴷⵔⵉⵙ|ⵉⵣⵎ",
    "Cherokee": "ᏣᎳᎩ|ᎠᏯ + ᏍᏏᏉᏯ|ᎤᏍᏗ",
    "Inuktitut": "ᐃᓄᒃ|ᐊᓂ + ᓄᓇᕗᑦ|ᐅᓪᓗᖅ",
    "Hebrew": "דוד|שרה|יעל + כהן|לוי|בן-דוד",
    "Arabic": "محمد|فاطمة|عبد الله + علي|الحسيني|يوسف",
    "Persian": "ژاله|علی‌رضا + گل‌محمدی|پورچی",
    "Hindi": "राम|दीपिका|श्रीकृष्ण + कुमार|क्षत्रिय|शर्मा",
    "Bengali": "রবি|ক্ষুদিরাম + ঠাকুর|চৌধুরী",
    "Tamil": "தமிழ்|செல்வி + முருகன்|கண்ணன்",
    "Telugu": "శ్రీను|లక్ష్మి + రావు|రెడ్డి",
    "Sinhala": "නිමල්|ශ්‍රීමා + පෙරේරා|සිල්වා",
    "Thai": "สมชาย|น้ำทิพย์|กฤษณ์ + ใจดี|ศรีสุข",
    "Lao": "ບຸນມີ|ຄຳ + ສີສຸກ|ວົງສາ",
    "Khmer": "សុខា|ខ្មែរ + ចាន់|ភក្ដី",
    "Burmese": "အောင်|ကျော် + မြင့်|စိုး",
    "Tibetan": "བསྟན་འཛིན|དབང་ཕྱུག + རྒྱ་མཚོ|ནོར་བུ",
    "N’Ko": "ߒߞߏ|ߡߊߡߊߘߎ + ߞߎߙߎߡߊ|ߞߊ߲ߕߍ",
    "Adlam": "𞤀𞤥𞤢𞤣𞤵|𞤃𞤢𞤪𞤭𞤴𞤢 + 𞤄𞤢𞤤𞤣𞤫|𞤁𞤭𞤢𞤤𞤮",
    "Emoji": "Ana 👩‍👩‍👧‍👦|👍🏽 Luz|🇵🇪 Inti|❤️ Sol|1️⃣ Uno + Flores 🌺|Paz 🏳️‍🌈|Ríos",
    "Mixed": "Ana محمد Levi|שרה Cohen|Łucja 王|Юля דוד + Quispe|Flores",
    "Signs": "𝓜𝓪𝓻𝓲𝓪|Ｍａｒｉａ|ⓂⒶⓇ|Mª|№ 5 + ﬁn|Øⅷ|x²",
    "Fontless": "Ana 𓀀|𐎠𐎭|𒀭 Luz + 𑄇|Rey \ue000|\u202eoluP",
    "Marked": "مُحَمَّد|שָׁלוֹם|ދިވެހި + عَلِيّ|לֵוִי|އަލީ",
}  # fmt: skip
LONG = [
    "María de los Ángeles Encarnación del Perpetuo Socorro Fernández de Córdoba y Álvarez de las Asturias",
    "W" * 100,
    "Wolfeschlegelsteinhausenbergerdorff" * 2,
    "王小明" * 33,
    "ー".join(["アレクサンドリア"] * 10),
    "อ" * 100,
    "x " * 50,
    "Ñ’" * 50,
    "é" * 100,
]


def many_names(n: int = 1000) -> list[tuple[str, str]]:
    """The script of each and the name, which has 100 characters at most and no spaces that no field would leave it."""
    random = Random(7)
    names = [("Long", name.strip()) for name in LONG]
    while len(names) < n:
        script = random.choice([*SCRIPTS, "Andes", "Andes"])
        name = " ".join(random.choice(part.split("|")) for part in SCRIPTS[script].split(" + "))
        if script in ("Andes", "Vietnamese", "Latin", "Greek") and random.random() < 0.3:
            script, name = "Decomposed", normalize("NFD", name)
        names.append((script, name))
    random.shuffle(names)
    return names
