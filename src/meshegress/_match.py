"""The matcher at the project's front: names and addresses, compiled where it can be.

``IMPLEMENTATION`` is ``compiled`` or ``pure``; :mod:`meshegress._engine.choice` says how it is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshegress._engine.choice import choose

_matcher = choose(native="_fastmatch", reference="_purematch")

IMPLEMENTATION = "pure" if _matcher.__name__.endswith("_purematch") else "compiled"

if TYPE_CHECKING:
    from meshegress._purematch import NO_MATCH as NO_MATCH
    from meshegress._purematch import DomainTable as DomainTable
    from meshegress._purematch import PrefixTable as PrefixTable
    from meshegress._purematch import ServerNameTable as ServerNameTable
    from meshegress._purematch import host_matches as host_matches
    from meshegress._purematch import host_subset_of as host_subset_of
else:
    NO_MATCH = _matcher.NO_MATCH
    DomainTable = _matcher.DomainTable
    PrefixTable = _matcher.PrefixTable
    ServerNameTable = _matcher.ServerNameTable
    host_matches = _matcher.host_matches
    host_subset_of = _matcher.host_subset_of
