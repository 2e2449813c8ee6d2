"""Every public name of the original: `surface_table.py` lists them, `inspect.signature` checks."""

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from blendtorch.renamed import also_called
from support import ROOT
from support.runtimes import Runtime
from support.surface_table import BTB, BTT, TABLE, Parameter, said_by


def listed(signature: str) -> list[Parameter]:
    """A signature of the table, read. The alternatives of a name are put in one."""
    names = {word.strip().strip("*").split("=")[0] for word in signature.strip("()").split(",")}
    text = signature
    for word in names:
        if "|" in word:
            text = text.replace(word, word.replace("|", "_OR_"))
    namespace: dict[str, Any] = {}
    exec(f"def function{text}: pass", namespace)
    return [
        [p.name, p.kind.name, [] if p.default is p.empty else [p.default]]
        for p in inspect.signature(namespace["function"]).parameters.values()
    ]


def check(name: str, ours: list[Parameter] | str) -> None:
    """Fails where a call that the table allows is refused, or means something else."""
    assert not isinstance(ours, str), f"{name}: {ours}"
    signature = TABLE[name]
    if not signature:
        return
    positional = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
    left = list(ours)
    for wanted, kind, default in listed(signature):
        if kind in positional:
            assert left and left[0][1] == kind, f"{name}: no {wanted} in its place: {ours}"
            got = left.pop(0)
        else:
            # What takes any number of arguments may be called anything.
            fitting = [
                p for p in left if p[1] == kind and (kind != "KEYWORD_ONLY" or p[0] == wanted)
            ]
            assert fitting, f"{name}: no {wanted}: {ours}"
            got = fitting[0]
            left.remove(got)
        if kind not in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            names, both = set(got[0].split("|")), set(wanted.split("_OR_"))
            by_python = name.endswith("__")
            taken = names & both if by_python else names >= both
            assert taken, f"{name}: {got[0]} is not {wanted}"
            assert got[2] == default, f"{name}: {wanted} is {got[2]} by default, not {default}"
    for more, kind, default in left:
        optional = default or kind in ("VAR_POSITIONAL", "VAR_KEYWORD")
        assert optional, f"{name}: needs {more}, which the original does not have"


@cache
def in_blender(words: tuple[str, ...], env: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What a Blender says of all names of btb."""
    code = (
        f"import sys, json; sys.path.append({str(ROOT / 'tests')!r})\n"
        "from support import surface_table as t\n"
        "print('@@said', json.dumps({n: t.said_by(n) for n in t.BTB}, default=repr))\n"
    )
    runtime = Runtime("", "", words, dict(env))
    done = runtime.run("--python-exit-code", "1", "--python-expr", code)
    lines = [line for line in done.stdout.splitlines() if line.startswith("@@said ")]
    assert lines, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(lines[0].removeprefix("@@said "))
    return said


@pytest.mark.parametrize("name", BTT)
def test_conformance_surface_btt(name: str) -> None:
    check(name, said_by(name))


@pytest.mark.parametrize("name", BTB)
def test_conformance_surface_btb(runtime: Runtime, name: str) -> None:
    said = in_blender(runtime.words, tuple(runtime.env.items()))
    check(name, said[name])


@pytest.mark.parametrize(
    "signal",
    ["pre_play", "pre_animation", "pre_frame", "post_frame", "post_animation", "post_play"],
)
def test_conformance_surface_signals(runtime: Runtime, tmp_path: Path, signal: str) -> None:
    code = f"a = btb.AnimationController()\nreport(kind=type(a.{signal}).__name__)\n"
    assert runtime.reported(tmp_path, code)["kind"] == "Signal"


def test_the_check_finds_what_it_is_for() -> None:
    """A table that accepts anything would say nothing."""
    TABLE["x"] = '(a, b=1, *args, c="d", **kw|more)'
    try:
        good = [
            ["a", "POSITIONAL_OR_KEYWORD", []],
            ["b", "POSITIONAL_OR_KEYWORD", [1]],
            ["args", "VAR_POSITIONAL", []],
            ["c", "KEYWORD_ONLY", ["d"]],
            ["kw", "VAR_KEYWORD", []],
        ]
        check("x", good)
        check("x", [*good[:4], ["ours", "KEYWORD_ONLY", [None]], good[4]])
        for bad in (
            [good[1], good[0], *good[2:]],
            [good[0], ["b", "POSITIONAL_OR_KEYWORD", [2]], *good[2:]],
            [good[0], ["b", "POSITIONAL_OR_KEYWORD", []], *good[2:]],
            [["other", *good[0][1:]], *good[1:]],
            [*good[:3], good[4]],
            good[:4],
            [*good[:4], ["needed", "KEYWORD_ONLY", []], good[4]],
            "ImportError: none",
        ):
            with pytest.raises(AssertionError):
                check("x", bad)
    finally:
        del TABLE["x"]


def test_an_argument_is_taken_by_either_name_and_not_by_both() -> None:
    @also_called(old="new")
    def function(new: int, other: int = 0) -> list[int]:
        return [new, other]

    old: dict[str, Any] = {"old": 1}
    assert function(1) == function(new=1) == function(**old) == [1, 0]
    assert function(**old, other=2) == [1, 2]
    with pytest.raises(TypeError, match="both 'new' and 'old'"):
        function(new=1, **old)
