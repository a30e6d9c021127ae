"""Seeds of the simulation: nothing breaks, every kind of fault was there, and equal seeds are equal runs."""

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from chatproto.client.outbox import Outbox
from chatproto.simulation.access import CANARY
from chatproto.simulation.options import FAULTS, SWITCHES, Options, draw, without
from chatproto.simulation.report import html
from chatproto.simulation.run import options_of, run, shrink
from chatproto.simulation.trace import Trace, Violation
from chatproto.simulation.world import World

ROOT = Path(__file__).parents[2]
SEEDS = 500
"""Of each run of the tests; `./just simulate --seeds 1000..20000 --lite` tries others."""
PART = 125
HAPPENS = (
    "blocks",
    "blocks lifted",
    "lags",
    "messages expired",
    "members: add",
    "members: remove",
    "members: admins write",
    "members: all write",
    "marks that are hidden",
    "forwards",
    "changes of what is on its way",
    "rows merged",
    "epochs renewed by servers",
    "hints lost",
    "hints late",
    "hints doubled",
)
"""What the checkers look at: a run of many seeds in which one of these never happens would hold anything."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_nothing_breaks(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + PART):
        verdict = run(seed, options_of(seed, lite=True))
        counts += verdict.trace.counts
        replay = f"python -m chatproto.simulation --lite --seed {seed}"
        assert verdict.code is None, f"{verdict.code}: {verdict.detail}; {replay}"
    missing = [fault for fault in FAULTS if not counts[f"fault: {fault}"]]
    assert missing == [], "some faults never happened"
    unseen = [event for event in HAPPENS if not counts[event]]
    assert unseen == [], "what is checked never happened"
    assert counts["acked"] > PART * 10, "hardly anything was said"


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(2741, id="removed in a history that was lost"),
        pytest.param(43974, id="removed in a history that was lost, told after the faults"),
        pytest.param(46944, id="pushed while a log was doubted"),
        pytest.param(78021, id="an old removal in the first page of a new log"),
        pytest.param(24860, id="a page from before the doubt"),
        pytest.param(161690, id="two entries in the place of the head"),
        pytest.param(138, id="restored while nobody was here, who then come one by one"),
    ],
)
def test_what_broke_once(seed: int) -> None:
    verdict = run(seed, without(options_of(seed, lite=True), "blocks"))  # which there were not yet
    assert verdict.code is None, f"{verdict.code}: {verdict.detail}"


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(19885, id="two entries of one instant in the same place"),
        pytest.param(22783, id="a hidden entry in the place of another"),
        pytest.param(69663, id="refused by a history that another one replaced before that was told"),
        pytest.param(185822, id="removed and added again by what was dropped"),
        pytest.param(263596, id="flags that were read before a removal, told after it"),
        pytest.param(307104, id="done before a restore, told after it"),
        pytest.param(195646, id="an item that waited, of a lost log"),
        pytest.param(505860, id="a sweep that told of an append before its answer"),
        pytest.param(508320, id="a chat that was read before a removal, told after it"),
        pytest.param(777802, id="refused by one server, and then stored by another that had it on its way"),
        pytest.param(843966, id="tokens of a log-in that had ended, told after the next one"),
    ],
)
def test_what_broke_since(seed: int) -> None:
    verdict = run(seed, options_of(seed, lite=True))
    assert verdict.code is None, f"{verdict.code}: {verdict.detail}"


def test_one_seed_is_one_run_in_every_process_whatever_its_hash_seed() -> None:
    hashes = set()
    for hash_seed in ("0", "1", "2", "random"):
        command = [sys.executable, "-m", "chatproto.simulation", "--seed", "11", "--lite", "--quiet"]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
        hashes.add(done.stdout.splitlines()[0])
    assert len(hashes) == 1
    other = run(12, options_of(12, lite=True), recording=True)
    assert other.trace.hash() not in hashes.pop()


def test_recording_changes_nothing() -> None:
    options = options_of(3, lite=True)
    quiet, recorded = run(3, options), run(3, options, recording=True)
    assert quiet.trace.counts == recorded.trace.counts
    assert recorded.trace.lines


def test_no_trace_holds_a_token_or_a_secret() -> None:
    for seed in (1, 2, 3):
        verdict = run(seed, options_of(seed, lite=True), recording=True)
        text = "\n".join(map(str, verdict.trace.lines))
        assert "hello" in text
        assert CANARY not in text, "an access token"
        assert "secret-canary" not in text


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_fault_can_be_switched_off(switch: str) -> None:
    options = without(options_of(5, lite=True), switch)
    verdict = run(5, options)
    assert verdict.code is None
    assert verdict.trace.counts[f"fault: {switch}"] == 0


def test_a_run_that_breaks_is_found_shrunk_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bug planted: acks are taken for another message."""
    settled = Outbox.stored

    def wrong(self: Outbox, cid: str, seq: int | None, created_at: datetime | None, dup: bool) -> None:
        settled(self, cid, None if seq is None else seq + 1, created_at, dup)

    monkeypatch.setattr(Outbox, "stored", wrong)
    verdict = next(found for seed in range(20) if (found := run(seed, options_of(seed, lite=True))).code)
    small = shrink(verdict)
    faults = [sum(weight > 0 for weight in one.options.weights.values()) for one in (small, verdict)]
    assert (small.code, faults == sorted(faults)) == ("S1", True)
    assert small.options.duration <= verdict.options.duration
    page = html(run(small.seed, small.options, recording=True), "replay me")
    assert page.count("<svg") == 1
    assert "replay me" in page
    assert "S1" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", ""), "self-contained"


def test_ticks_stop_a_run() -> None:
    assert run(7, options_of(7, lite=True), ticks=50).ticks == 50


def test_the_world_notices_what_never_comes_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(users=2, devices=1, duration=2_000, settle=5_000)
    world = World(1, options, Trace())
    monkeypatch.setattr(world.network, "_opened", lambda link: None)  # nobody ever gets through
    with pytest.raises(Violation, match="L1"):
        world.run()


def test_options_are_drawn_with_faults_off_and_on() -> None:
    from random import Random

    drawn = [draw(Random(seed), lite=True) for seed in range(50)]
    for fault in FAULTS:
        assert {options.weights[fault] > 0 for options in drawn} == {True, False}
