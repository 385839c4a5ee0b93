"""Invented people for demonstrations and benchmarks: names as they are written in Peru, and mail domains nobody has.

Every address ends in example.org, .com or .net, and every network is one that is kept for documentation (RFC 5737 and
3849): none of them can be anybody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate
from random import Random

from signatures.network import Address

FIRST_NAMES = (
    # Spanish
    "María José Lucía Ángel Rosa César Inés Jesús Sofía Raúl Mónica Andrés Verónica Óscar Belén Martín Ana Luis"
    " Begoña Íñigo Zoila Víctor Flor Édgar Úrsula Julián Noemí Tomás Milagros Agustín"
    # Quechua
    " Killa Inti Sumaq Wayra Illari Rumi Qori Ñusta Yawar Chaska T’ika Urpi Amaru Kusi Sami Achanqara Q’inti"
    # Aymara
    " Nayra Wara Illampu Saxra Qhana Phaxsi Jach’a Suma Wayta Lupi Arumi Warawara P’unchaw"
).split()
SURNAMES = (
    "Quispe Mamani Flores Sánchez García Rodríguez Huamán Rojas Díaz Condori Chávez Ramos Ñahui Vásquez Castillo"
    " Gutiérrez Choque Apaza Huanca Ccori Yupanqui Núñez Muñoz Peña Ibáñez Cárdenas Tito Pacheco Zúñiga Cáceres Ttito"
    " Q’uspi Sirpa Layme Ticona Calsina Ch’oque Atoq Pumacahua Sullca Ayala León Bellido Oré Güere Agüero"
).split()
COUNTRIES = "PE ES AR CL US BO IT MX CO BR DE FR EC GB CH CA JP SE AU UY NL BE CR PY VE".split()
LANGUAGES = ("es", "en", "qu", "ay")
SHARES = (82, 13, 3, 2)  # of the languages, in a hundred
PLACES = (
    "lima cusco puno ayacucho juliaca andahuaylas arequipa huanta tacna piura trujillo iquitos abancay ilave".split()
)
HOSTS = "correo mail buzon carta inbox nube posta chaski wasi willay".split()
DOMAINS = (
    ["correo.example.org", "mail.example.com", "example.org", "inbox.example.net", "example.com", "example.net"]
    + [f"{host}.example.{end}" for host in HOSTS for end in ("org", "com", "net")][4:]
    + [f"{host}.{place}.example.{end}" for place in PLACES for host in HOSTS for end in ("org", "com", "net")]
)
HOMES = 20_000  # networks; besides them two masts that thousands share, and one that bursts come from
MASTS = (IPv4Address("203.0.113.0"), IPv4Address("198.51.100.0"))
CROWD = IPv4Address("192.0.2.0")
HOME = IPv6Address("2001:db8::")

# Running sums of 1/2, 1/3, 1/4 …: how common the first, second and third of a list is.
FALLING = {
    n: list(accumulate(1 / (rank + 2) for rank in range(n)))
    for n in (len(FIRST_NAMES), len(SURNAMES), len(COUNTRIES), len(DOMAINS), HOMES)
}


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    country: str
    language: str
    address: Address


def person(number: int, chance: Random, crowd: str = "") -> Person:
    """Somebody, with the number in their address, which makes it one of its own.

    A crowd is known by its mail domain: its people write from there, and come from one network.
    """
    first, father, mother = pick(FIRST_NAMES, chance), pick(SURNAMES, chance), pick(SURNAMES, chance)
    return Person(
        name=f"{first} {father} {mother}",
        email=f"persona.{number}@{crowd or pick(DOMAINS, chance)}",
        country=pick(COUNTRIES, chance),
        language=chance.choices(LANGUAGES, SHARES)[0],
        address=CROWD + chance.randrange(1, 255) if crowd else address(chance),
    )


def pick(choices: Sequence[str], chance: Random) -> str:
    """One of them, the first ones most."""
    return chance.choices(choices, cum_weights=FALLING[len(choices)])[0]


def address(chance: Random) -> Address:
    if chance.random() < 0.2:
        return chance.choice(MASTS) + chance.randrange(1, 255)
    home = chance.choices(range(HOMES), cum_weights=FALLING[HOMES])[0]
    return HOME + ((home << 80) + chance.randrange(1, 5))
