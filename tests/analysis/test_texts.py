"""The product of conditions finds every truth vector that a text can have, and a text for each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress._engine.conditions import text_holds
from meshegress._engine.layout import EXACT, PREFIX, REGEX, TextCondition
from meshegress.analysis.texts.grammars import Authorities, Grammar, Parameters, Paths, Tokens, Values
from meshegress.analysis.texts.product import Budget, combinations_of
from meshegress.regex import compile_regex
from meshegress.wire.paths import PathNormalization, normalize_path

PATTERNS = (
    "/v[0-9]+",
    "/v1.*",
    ".*x.*",
    "[a-z]+",
    "(?i)/API/.*",
    r"/\w+/?",
    r"a\b.*",
    "(/[^/]+){2}",
    "é+|[α-ω]x",
    "a|bc*",
)
LITERALS = ("/", "/v1", "/v1/", "/api", "/API", "a", "ab", "x", "")


def regex(pattern: str) -> TextCondition:
    """Return the condition that all of a text matches *pattern*."""
    return TextCondition(REGEX, pattern, False, compile_regex(pattern))


def conditions() -> st.SearchStrategy[list[tuple[TextCondition, ...]]]:
    """Draw a few conditions, some of which are groups."""
    literal = st.tuples(st.sampled_from([EXACT, PREFIX]), st.sampled_from(LITERALS), st.booleans()).map(
        lambda given: TextCondition(*given)
    )
    one = st.one_of(literal, st.sampled_from(PATTERNS).map(regex))
    return st.lists(st.lists(one, min_size=1, max_size=2).map(tuple), max_size=4)


def vector(asked: list[tuple[TextCondition, ...]], text: str) -> int:
    """Return which conditions *text* meets, each asked alone."""
    return sum(1 << bit for bit, group in enumerate(asked) if any(text_holds(one, text) for one in group))


def is_text_of(grammar: Grammar, text: str) -> bool:
    """Return whether the grammar takes *text*, character by character."""
    state = grammar.begin
    for char in text:
        after = grammar.step(state, char)
        if after is None:
            return False
        state = after
    return grammar.accepts(state)


GRAMMARS = {
    "values": Values(),
    "parameters": Parameters(),
    "authorities": Authorities(),
    "tokens": Tokens(),
    **{mode.value: Paths(mode) for mode in PathNormalization},
}


@pytest.mark.parametrize("name", GRAMMARS)
@given(asked=conditions(), texts=st.lists(st.text("/v1apixAPI.%2fé\u03b1 -b", max_size=7), max_size=40))
def test_no_text_has_a_vector_that_is_not_found(
    name: str, asked: list[tuple[TextCondition, ...]], texts: list[str]
) -> None:
    """Every text of the grammar meets conditions that some found text meets, too; each found text meets its own."""
    grammar = GRAMMARS[name]
    found = combinations_of(asked, grammar, Budget())
    assert found.reason == ""
    assert {mask: vector(asked, texts[0]) for mask, texts in found.found.items()} == {
        mask: mask for mask in found.found
    }
    assert all(is_text_of(grammar, texts[0]) for texts in found.found.values())
    letters = set(grammar.alphabet) | (set("é\u03b1") if grammar.beyond_ascii else set())
    drawn = [text for text in (*texts, *(f"/{text}" for text in texts)) if set(text) <= letters]
    assert {vector(asked, text) for text in drawn if is_text_of(grammar, text)} <= found.found.keys()


@pytest.mark.parametrize("mode", PathNormalization)
@given(asked=conditions())
def test_found_paths_are_left_alone(mode: PathNormalization, asked: list[tuple[TextCondition, ...]]) -> None:
    """Normalisation changes no witness: routes see it as it is written."""
    found = combinations_of(asked, Paths(mode), Budget())
    texts = [text for texts in found.found.values() for text in texts]
    assert [normalize_path(text, mode) for text in texts] == texts


@pytest.mark.parametrize("mode", PathNormalization)
@given(path=st.text("/.a%2eEfF5cC0\\<", max_size=9).map(lambda text: f"/{text}"))
def test_normalised_paths_are_of_the_grammar(mode: PathNormalization, path: str) -> None:
    """Whatever is asked for, routes see a path of the grammar."""
    seen = normalize_path(path, mode)
    once = seen if seen is None else normalize_path(seen, mode)
    if seen is not None and once == seen:
        assert is_text_of(Paths(mode), seen)


def test_shortest_plain_texts_are_found() -> None:
    """People read the witnesses: they are short, and ASCII where they can be."""
    found = combinations_of([(regex("[a-zé]+"),), (TextCondition(PREFIX, "ab"),)], Values(), Budget())
    assert found.found == {0: [""], 1: ["a"], 2: ["ab0"], 3: ["ab"]}


def test_a_pattern_that_nothing_can_run_is_a_reason() -> None:
    """A class by script has no table here."""
    found = combinations_of([(TextCondition(REGEX, r"\p{Greek}+"),)], Values(), Budget())
    assert (found.found, found.reason) == ({}, r"`\p{Greek}+` cannot be judged here: no table of script `Greek`")


@pytest.mark.parametrize("budget", [Budget(states=3), Budget(steps=40)], ids=["states", "steps"])
def test_beyond_the_budget_there_is_a_reason(budget: Budget) -> None:
    """What was found by then stands; that it is not all is said."""
    found = combinations_of([(regex(".*x.*"),), (regex(".*y.*"),)], Values(), budget)
    assert found.reason
    assert 3 not in found.found


def test_many_overlapping_patterns_are_few_states() -> None:
    """What holds whatever follows is not walked on: fourteen patterns as one condition take few states."""
    group = tuple(regex(f".*{char}.*") for char in "abcdefghijklmn")
    found = combinations_of([group], Paths(PathNormalization.BASE), Budget(states=200))
    assert (sorted(found.found), found.reason) == ([0, 1], "")
