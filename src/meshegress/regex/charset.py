"""Sets of characters, as RE2 names them: sorted ranges of code points that neither touch nor overlap."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from unicodedata import category

CharSet = tuple[tuple[int, int], ...]

EVERY: CharSet = ((0, sys.maxunicode),)
NEWLINE: CharSet = ((10, 10),)


def union(ranges: Iterable[tuple[int, int]]) -> CharSet:
    """Return the set of all characters in *ranges*.

    >>> union([(5, 9), (1, 2), (3, 3), (8, 12)])
    ((1, 3), (5, 12))
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def negate(chars: CharSet) -> CharSet:
    """Return the set of all characters outside *chars*.

    >>> negate(((0, 9), (20, 29))) == ((10, 19), (30, 0x10FFFF))
    True
    """
    starts = [0, *(high + 1 for _, high in chars)]
    ends = [*(low - 1 for low, _ in chars), sys.maxunicode]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def single(char: str) -> CharSet:
    """Return the set of *char* alone."""
    return ((ord(char), ord(char)),)


def fold(chars: CharSet) -> CharSet:
    """Return *chars* with all that differ from them in case only.

    >>> [chr(low) for low, _ in fold(single("k"))]
    ['K', 'k', '\u212a']
    """
    orbits = _orbits()
    letters = sorted(orbits)
    added = list(chars)
    for low, high in chars:
        for letter in letters[bisect_left(letters, low) : bisect_left(letters, high + 1)]:
            added += ((other, other) for other in orbits[letter])
    return union(added)


@cache
def _orbits() -> dict[int, tuple[int, ...]]:
    """Return, for every character that has a case, all that it is folded with (Unicode's simple folding)."""
    families: dict[str, list[int]] = {}
    for code in range(0x1E944):
        char = chr(code)
        full = char.casefold()
        # Where full folding gives several characters, simple folding is the lower case, if that is one character.
        folded = full if len(full) == 1 else char.lower() if len(char.lower()) == 1 else char
        families.setdefault(folded, []).append(code)
    return {code: tuple(family) for family in families.values() if len(family) > 1 for code in family}


def _ascii(text: str) -> CharSet:
    """Return the set of a text such as ``a-z_``: ranges and single characters."""
    ranges = []
    while text:
        high = text[2] if text[1:2] == "-" and len(text) > 2 else text[0]
        ranges.append((ord(text[0]), ord(high)))
        text = text[3:] if high is not text[0] else text[1:]
    return union(ranges)


PERL = {"d": _ascii("0-9"), "s": _ascii("\t\n\f\r "), "w": _ascii("0-9A-Za-z_")}

POSIX = {
    "alnum": _ascii("0-9A-Za-z"),
    "alpha": _ascii("A-Za-z"),
    "ascii": _ascii("\0-\x7f"),
    "blank": _ascii("\t "),
    "cntrl": _ascii("\0-\x1f\x7f"),
    "digit": _ascii("0-9"),
    "graph": _ascii("!-~"),
    "lower": _ascii("a-z"),
    "print": _ascii(" -~"),
    "punct": _ascii("!-/:-@[-`{-~"),
    "space": _ascii("\t-\r "),
    "upper": _ascii("A-Z"),
    "word": _ascii("0-9A-Za-z_"),
    "xdigit": _ascii("0-9A-Fa-f"),
}

_CATEGORY_NAMES = """
    C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs
"""

_SCRIPT_NAMES = """
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
    Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
    Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs
    Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul
    Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi
    Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki
    Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean
    Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi
    Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong
    Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian
    Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi
    Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo
    Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana
    Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
"""

_CATEGORIES = frozenset(_CATEGORY_NAMES.split())
_SCRIPTS = frozenset(_SCRIPT_NAMES.split())


def is_unicode_class(name: str) -> bool:
    """Does RE2 know the category, script or other class *name*?"""
    return name in _CATEGORIES or name in _SCRIPTS or name == "Any"


@cache
def unicode_class(name: str) -> CharSet | None:
    """Return the characters of a class that RE2 knows; None for scripts, of which Python has no table."""
    if name == "Any":
        return EVERY
    if name not in _CATEGORIES:
        return None
    wanted = ("Lu", "Ll", "Lt") if name == "LC" else (name,)
    return union((code, code) for code in range(sys.maxunicode + 1) if category(chr(code)).startswith(wanted))
