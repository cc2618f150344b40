"""Findings that somebody lives with: comments and annotations with a reason, and baselines."""

from __future__ import annotations

import pytest

from meshegress import Mesh, lint
from meshegress.analysis.lint.baseline import BaselineError, without_known, written
from meshegress.analysis.lint.suppressions import suppressed

HIJACKER = """\
{above}apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: t, namespace: shop{annotations}}}
spec:
  hosts: [t.com]
{before}  ports: [{{number: 443, name: tcp, protocol: TCP}}]{behind}
  resolution: DNS
"""
BECAUSE = "meshegress: ignore EG401 because nobody else is there"


def codes_left(*, above: str = "", before: str = "", behind: str = "", annotation: str = "") -> list[str]:
    """Return the codes that are left of a hijack with these comments."""
    annotations = f', annotations: {{meshegress.io/ignore: "{annotation}"}}' if annotation else ""
    text = HIJACKER.format(above=above, before=before, behind=behind, annotations=annotations)
    mesh = Mesh(text)
    kept, _ = suppressed(lint(mesh), mesh.resources.each(), tells_unused=True)
    return sorted(one.code for one in kept)


@pytest.mark.parametrize(
    ("comments", "codes"),
    [
        pytest.param({}, ["EG401"], id="nothing is ignored"),
        pytest.param({"above": f"# {BECAUSE}\n"}, [], id="above the object"),
        pytest.param({"above": f"---\n# {BECAUSE}\n# and more\n"}, [], id="above it, in a stream"),
        pytest.param({"before": f"  # {BECAUSE}\n"}, [], id="right above the line"),
        pytest.param({"behind": f" # {BECAUSE}"}, [], id="on the line"),
        pytest.param({"annotation": "EG401: nobody else is there"}, [], id="annotation"),
        pytest.param({"annotation": "EG413: x; EG401: y"}, ["EG422"], id="one of two is not there"),
        pytest.param({"behind": " # meshegress: ignore EG401"}, ["EG401", "EG421"], id="without a reason"),
        pytest.param({"annotation": "EG401"}, ["EG401", "EG421"], id="annotation without a reason"),
        pytest.param({"behind": " # meshegress: ignore EG402 because x"}, ["EG401", "EG422"], id="another code"),
        pytest.param({"above": "# ignore EG401 because x\n"}, ["EG401"], id="any other comment"),
        pytest.param({"above": "# meshegress: ignore EG401, EG402 because x\n"}, [], id="several codes"),
    ],
)
def test_ignored(comments: dict[str, str], codes: list[str]) -> None:
    """With a reason, where it stands; what is without one, or for nothing, is a finding."""
    assert codes_left(**comments) == codes


def test_a_comment_elsewhere_in_the_object_ignores_nothing() -> None:
    """It has to stand at the line of the finding."""
    text = HIJACKER.format(above="", before="", behind="", annotations="") + f"  location: MESH_EXTERNAL # {BECAUSE}\n"
    mesh = Mesh(text)
    kept, count = suppressed(lint(mesh), mesh.resources.each(), tells_unused=False)
    assert ([one.code for one in kept], count) == (["EG401"], 0)


def test_a_comment_of_one_object_is_not_for_the_next() -> None:
    """Documents of one stream have comments of their own."""
    plain = HIJACKER.format(above="", before="", behind="", annotations="")
    first = HIJACKER.format(above=f"# {BECAUSE}\n", before="", behind="", annotations="")
    second = plain.replace("443", "444").replace("name: t,", "name: u,").replace("t.com", "u.com")
    mesh = Mesh(f"{first}---\n{second}")
    kept, _ = suppressed(lint(mesh), mesh.resources.each(), tells_unused=True)
    assert [(one.code, one.about[2]) for one in kept] == [("EG401", "u")]


def test_a_baseline_knows_what_was_there() -> None:
    """By code, resource and field, wherever it stands now."""
    plain = HIJACKER.format(above="", before="", behind="", annotations="")
    baseline = written(lint(Mesh(plain)))
    moved = lint(Mesh("# moved\n\n" + plain))
    assert without_known(moved, baseline) == ([], 1, 0)
    other = lint(Mesh(plain.replace("name: t,", "name: u,")))
    fresh, known, gone = without_known(other, baseline)
    assert ([one.about[2] for one in fresh], known, gone) == (["u"], 0, 1)


def test_a_baseline_counts() -> None:
    """Two alike in the baseline do not cover three."""
    found = lint(Mesh(HIJACKER.format(above="", before="", behind="", annotations="")))
    fresh, known, _ = without_known(found * 3, written(found * 2))
    assert (len(fresh), known) == (1, 2)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}', '{"schema_version": 2, "findings": []}', "null"])
def test_what_is_not_a_baseline_is_refused(text: str) -> None:
    """Rather than taken for an empty one."""
    with pytest.raises(BaselineError):
        without_known([], text)
