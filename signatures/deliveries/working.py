"""What workers do for deliveries."""

from signatures.deliveries import freezing, offering, packs


def work() -> None:
    """All that there is to do now; safe in several processes at once."""
    freezing.let_go()
    while freezing.freeze_next():
        pass
    offering.forget_outdated()
    packs.clear_away()
    while packs.make_next():
        pass
