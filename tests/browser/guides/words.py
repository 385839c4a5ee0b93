"""Who is of the staff in the pictures of their guides, and what they have typed, in the language of the pictures."""

KEY = "5ec2e7" * 6 + "5ec2"  # of an authenticator app that nobody has
STAFF = {"marta": "moderator", "lucía": "exporter", "inés": "administrator", "edgar": "campaign editor"}
NEWCOMER, HALF_WAY = "nora", "mario"
OLD_CROWD, CROWD = "avalancha.example.org", "oleada.example.com"

# What staff have typed, in the language of the pictures.
WORDS = {
    "en": {
        "rule": "burst of last Thursday, names made up",
        "tested": "one of us tried the form",
        "mail": "mail of this morning",
        "for": "handing over at the Attorney General's Office",
        "who": "for the team in Lima, by country",
        "how": "at the desk, on paper and on a stick",
    },
    "es": {
        "rule": "ráfaga del jueves, nombres inventados",
        "tested": "una de nosotras probó el formulario",
        "mail": "correo de esta mañana",
        "for": "entrega en la Fiscalía de la Nación",
        "who": "para el equipo de Lima, por país",
        "how": "en la ventanilla, en papel y en una memoria USB",
    },
}
