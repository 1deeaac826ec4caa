"""The kit itself: its fakes, its modes, who runs the rules, and what it costs whom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline import testing
from hookline.plugins import Deadline, Middleware
from support.fresh import check
from support.modes import Mode
from support.pages import ROOT, blocks

PAGE = ROOT / "docs/plugins/conformance.md"


class Plain(Middleware):
    name = "plain"

    async def handle(self, request: Any, send: Any) -> Any:
        return await send(request)


class PlainSuite(testing.MiddlewareSuite):
    def make(self) -> Middleware:
        return Plain()


# -- Who runs the rules ---------------------------------------------------------------------


def test_check_runs_every_rule_in_every_mode() -> None:
    outcomes = testing.check(PlainSuite)

    rules = {outcome.rule for outcome in outcomes}
    assert len(outcomes) == 3 * len(rules)
    assert {outcome.mode for outcome in outcomes} == {"sync", "asyncio", "trio"}
    assert [outcome for outcome in outcomes if outcome.error] == []
    assert {outcome.rule for outcome in outcomes if outcome.skipped} == {
        "test_secrets_are_not_shown"
    }


def test_check_runs_what_is_asked_for() -> None:
    outcomes = testing.check(PlainSuite, modes=("sync",), only=("test_returns_a_response",))

    assert outcomes == [testing.Outcome("test_returns_a_response", "sync")]


def test_suites_run_without_pytest_and_without_trio() -> None:
    check("""
        import sys
        sys.modules["pytest"] = sys.modules["trio"] = None

        from hookline import testing
        from hookline.plugins import Middleware

        class Plain(Middleware):
            name = "plain"
            async def handle(self, request, send):
                return await send(request)

        class Suite(testing.MiddlewareSuite):
            def make(self):
                return Plain()

        outcomes = testing.check(Suite)
        assert {each.mode for each in outcomes} == {"sync", "asyncio"}
        assert not [each for each in outcomes if each.error], outcomes
    """)


def test_a_suite_without_make_says_so() -> None:
    class Empty(testing.MiddlewareSuite):
        pass

    [outcome] = testing.check(Empty, modes=("sync",), only=("test_returns_a_response",))

    assert "Empty needs `def make(self)`" in str(outcome.error)


def test_nobody_pays_for_the_kit_who_does_not_use_it() -> None:
    check("""
        import sys
        import hookline, hookline.plugins
        hookline.Client().close()
        assert "hookline.testing" not in sys.modules
        import hookline.testing
        assert not {"pytest", "trio", "_pytest"} & set(sys.modules)
    """)
    ours = [each for each in entry_points(group="pytest11") if "hookline" in each.value]
    assert ours == []


# -- As pytest runs it ----------------------------------------------------------------------


def run_pytest(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_the_handbooks_tests_run_in_all_modes_with_the_pytest_plugin(tmp_path: Path) -> None:
    [sample] = [each.code for each in blocks(PAGE) if "hookline_server):" in each.code]
    once_more = (ROOT / "docs/plugins/middleware.md").read_text()
    [plugin] = re.findall(r'title="hookline_once_more.py"\n(.*?)```', once_more, re.DOTALL)
    (tmp_path / "hookline_once_more.py").write_text(plugin)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["hookline.testing.pytest_plugin"]\n')
    (tmp_path / "test_once_more.py").write_text(
        sample.replace(
            "async with hookline_mode.client(middleware=middleware)",
            "async with hookline_mode.client(middleware=middleware, "
            "plugins=hookline_plugins(hookline_once_more))",
        )
        .replace("hookline_server):", "hookline_server, hookline_plugins):")
        .replace("import hookline\n", "import hookline\nimport hookline_once_more\n", 1)
    )

    assert "3 passed" in run_pytest(tmp_path)


def test_a_broken_plugin_is_told_by_rule_and_mode_and_what_to_do(tmp_path: Path) -> None:
    [sample] = [each.code for each in blocks(PAGE) if "class TestOnceMore" in each.code]
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["hookline.testing.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(sample)

    output = run_pytest(tmp_path)

    assert "TestOnceMore::test_closes_what_it_does_not_return[trio]" in output
    [shown] = [each.code for each in blocks(PAGE) if each.language == "text"]
    told = " ".join(line.removeprefix("E").strip() for line in output.splitlines())
    for paragraph in shown.split("\n\n"):
        said = " ".join(paragraph.split())
        assert said in " ".join(told.split())
    # The kit's own frames are not what an author looks for.
    assert "_fake_clock" not in output


# -- Modes ----------------------------------------------------------------------------------


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 'sync', 'asyncio' or 'trio', not 'curio'"):
        testing.Mode("curio")


async def test_an_interruption_is_the_modes_own(mode: Mode) -> None:
    caught: list[type[BaseException]] = []

    async def call(interrupt: Any) -> None:
        try:
            await interrupt()
        except BaseException as exc:
            caught.append(type(exc))
            raise

    assert await mode.interruptible(call) == (True, None)
    names = {"sync": "Interruption", "asyncio": "CancelledError", "trio": "Cancelled"}
    assert [each.__name__ for each in caught] == [names[mode.name]]


async def test_a_call_is_interrupted_at_each_of_its_waits(mode: Mode) -> None:
    came_to: list[int] = []

    async def call() -> None:
        for number in range(3):
            await world.pause()
            came_to.append(number)

    world = testing.World(mode)
    results = [await world.interrupt(call, at) for at in range(5)]

    assert results == [True, True, True, False, False]
    assert came_to == [0, 0, 1, 0, 1, 2, 0, 1, 2]


# -- Fakes ----------------------------------------------------------------------------------


async def test_a_silent_peer_takes_no_time(mode: Mode) -> None:
    world = testing.World(mode)
    stream = testing.ScriptedStream(b"Hello", world=world)

    assert await stream.receive(1.0) == b"Hello"
    with pytest.raises(hookline.ReadTimeout):
        await stream.receive(3600.0)
    assert world.now == 1000.0 + 3600.0
    assert stream.timeouts == [("read", 1.0), ("read", 3600.0)]


async def test_a_wait_without_a_timeout_is_kept_even_where_it_is_swallowed(mode: Mode) -> None:
    world = testing.World(mode)
    with pytest.raises(testing.ContractBroken, match="waits for ever"):
        await testing.ScriptedStream(world=world).receive(None)
    assert len(world.broken) == 1


async def test_a_deadline_goes_by_the_worlds_clock(mode: Mode) -> None:
    world = testing.World(mode)
    deadline = world.deadline(5.0)
    await world.sleep(2.0)
    assert (deadline.remaining(), deadline.has_expired) == (3.0, False)
    await world.sleep(4.0)
    assert (deadline.remaining(), deadline.has_expired) == (0.0, True)
    assert world.deadline(None).remaining() is None


def test_in_a_rule_every_deadline_goes_by_the_worlds_clock() -> None:
    class Patient(Plain):
        async def handle(self, request: Any, send: Any) -> Any:
            deadline = Deadline(60.0)
            await send.sleep(3600.0)
            assert deadline.has_expired
            return await send(request)

    class Suite(testing.MiddlewareSuite):
        def make(self) -> Middleware:
            return Patient()

    outcomes = testing.check(Suite, only=("test_returns_a_response",))

    assert [outcome.error for outcome in outcomes] == [None, None, None]
    assert not Deadline(60.0).has_expired


async def test_a_stream_that_stalls_and_one_that_breaks(mode: Mode) -> None:
    stalling = testing.ScriptedStream(stalls_writing_after=1)
    await stalling.send(b"a", 1.0)
    with pytest.raises(hookline.WriteTimeout):
        await stalling.send(b"b", 1.0)
    breaking = testing.ScriptedStream(fails_writing_after=1)
    await breaking.send(b"a", 1.0)
    with pytest.raises(hookline.WriteError):
        await breaking.send(b"b", 1.0)
    slow = testing.ScriptedStream(slow=True)
    await slow.send(b"a", 1.0)
    assert (slow.wire, slow.timeouts) == (b"a", [("write", 1.0)])


async def test_the_world_knows_what_is_open(mode: Mode) -> None:
    world = testing.World(mode)
    network = testing.ScriptedNetwork(world)
    stream = await network.connect_tcp("example.test", 80, Deadline(None))

    assert world.left_open == [stream]
    stream.close()
    assert (world.left_open, network.connected) == ([], ["example.test:80"])


async def test_a_scripted_server_gives_its_answers_and_keeps_the_questions(mode: Mode) -> None:
    answers = (hookline.Response(201, text="one"), b"HTTP/1.1 204 No Content\r\n\r\n")
    with testing.scripted_server(*answers) as server:
        async with mode.client() as client:
            first = await client.post(f"{server.url}/a", content=mode.body([b"chunked"]))
            second = await client.get(f"{server.url}/b")

    assert [(first.status_code, first.text), second.status_code] == [(201, "one"), 204]
    assert [head.split(b" ")[1] for head in server.heads] == [b"/a", b"/b"]
    assert server.connections == 1


def test_what_a_servers_script_raises_is_raised() -> None:
    def script(conversation: testing.Conversation) -> None:
        raise LookupError("the script's own")

    with pytest.raises(LookupError, match="the script's own"):
        with testing.scripted_server(script) as server:
            with hookline.Client() as client, pytest.raises(hookline.TransportError):
                client.get(server.url)


def test_a_manager_of_plugins_takes_classes_and_modules_and_nothing_else() -> None:
    import hookline_retry

    registry = testing.plugins_of(Plain, hookline_retry).registry
    assert {"plain", "retry"} <= set(registry.names("middleware"))
    assert "http11" in registry.names("protocols")
    assert "http2" not in registry.names("protocols")
    with pytest.raises(TypeError, match="int is no plugin's class"):
        testing.plugins_of(int)
