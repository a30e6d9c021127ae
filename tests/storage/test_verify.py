"""What `vestnik verify` finds in a database that somebody else wrote to."""

from pathlib import Path
from typing import Any

import pytest
import trio
from sqlalchemy import Select

from storage.migrate import differences, upgrade
from storage.repair import _PARTS, repair
from storage.verify import SHOWN, verify, words_of_no_chat
from tests.storage.test_backup import KINDS, Kind, furnish, url_of
from tests.storage.test_migrations import ask


@pytest.mark.parametrize("kind", KINDS)
async def test_what_we_write_is_whole(kind: Kind, tmp_path: Path) -> None:
    url = url_of(kind, tmp_path, "db")
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    parts: list[str] = []
    assert await trio.to_thread.run_sync(verify, url, parts.append) == []
    assert {"logs", "heads", "blocks", "marks", "index", "references"} == set(parts)


@pytest.mark.parametrize(
    ("harm", "part", "told"),
    [
        ("delete from messages where chat_id = 1 and seq = 3", "logs", "chat 1: its head is"),
        ("update chats set last_seq = last_seq + 1 where id = 1", "logs", "chat 1: its head is"),
        (
            "update chat_events set seq = 2 where chat_id = 1 and seq = (select max(seq) from chat_events)",
            "logs",
            "chat 1",
        ),
        ("update chats set last_message_seq = 1 where id = 1", "heads", "chat 1: its last message"),
        ("update chats set closed = true where id = 2", "blocks", "chat 2: whether one of the two blocks"),
        ("insert into blocks values (3, 1, '2026-01-01')", "blocks", "chat 2: whether one of the two blocks"),
        ("update chat_users set own_read_seq = 99 where chat_id = 2", "marks", "beyond the head"),
        ("update chats set indexed_seq = 99 where id = 2", "index", "beyond its head"),
        ("insert into message_words values (99, 'x', 1)", "index", "chat 99"),
        ("delete from users where id = 3", "references", "name what is not there, such as 3"),
    ],
)
async def test_each_kind_of_fault_is_found(harm: str, part: str, told: str, tmp_path: Path) -> None:
    url = url_of("sqlite", tmp_path, "db")
    upgrade(url)
    await furnish(url)
    ask(url, harm)
    found = verify(url)
    assert any(fault.part == part and told in fault.text for fault in found), found


@pytest.mark.parametrize("kind", KINDS)
async def test_what_follows_from_the_rest_is_made_anew_and_nothing_else(kind: Kind, tmp_path: Path) -> None:
    url = url_of(kind, tmp_path, "db")
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    whole = ask(url, "select id, last_seq, last_message_seq from chats order by id")
    logs = ask(url, "select chat_id, seq, content from messages order by chat_id, seq")
    ask(
        url,
        "update chats set last_message_seq = 1 where id = 1",
        "update chats set indexed_seq = 99, index_version = 1 where id = 2",
        "insert into blocks (blocker_id, blocked_id, created_at) values (3, 1, '2026-01-01 00:00:00')",
        "insert into message_words (chat_id, word, seq) values (99, 'x', 1)",
        "update chat_users set own_read_seq = 99 where chat_id = 2",
    )
    done = await trio.to_thread.run_sync(repair, url)
    assert [line.split(":")[0] for line in done] == ["chat 1", "chat 2", "chat 2", "chat 99"]
    assert ask(url, "select id, last_seq, last_message_seq from chats order by id") == whole
    assert ask(url, "select id from chats where closed") == [(2,)]
    assert ask(url, "select indexed_seq = last_seq, index_version from chats where id = 2") == [(1, 0)]
    assert ask(url, "select chat_id, seq, content from messages order by chat_id, seq") == logs
    assert {fault.part for fault in await trio.to_thread.run_sync(verify, url)} == {"marks"}, "no work for a program"
    assert await trio.to_thread.run_sync(repair, url) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_repair_holds_no_chat_while_it_looks(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers write meanwhile, also where much was found before."""
    url = url_of(kind, tmp_path, "db")
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    ask(url, "update chats set last_message_seq = 1 where id = 1", "update chats set indexed_seq = 99 where id = 2")

    def look() -> Select[*tuple[Any, ...]]:
        ask(url, "update chats set title = 'written meanwhile'")
        return words_of_no_chat()

    monkeypatch.setattr("storage.repair._PARTS", (*_PARTS[:-1], (look, _PARTS[-1][1])))
    assert len(await trio.to_thread.run_sync(repair, url)) == 2
    assert {title for (title,) in ask(url, "select title from chats")} == {"written meanwhile"}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_table_that_a_dump_may_leave_out_is_made_anew(kind: Kind, tmp_path: Path) -> None:
    url = url_of(kind, tmp_path, "db")
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    ask(url, "update chats set indexed_seq = last_seq, index_version = 3 where id = 1", "drop table message_words")
    await trio.to_thread.run_sync(upgrade, url)
    assert await trio.to_thread.run_sync(differences, url) == []
    assert ask(url, "select index_version from chats where id = 1") == [(0,)], "servers fill it"
    ask(url, "insert into message_words (chat_id, word, seq) values (1, 'x', 1)")
    await trio.to_thread.run_sync(upgrade, url)
    assert len(ask(url, "select word from message_words")) == 1


async def test_many_faults_of_a_kind_are_counted(tmp_path: Path) -> None:
    url = url_of("sqlite", tmp_path, "db")
    upgrade(url)
    await furnish(url)
    ask(
        url,
        "with recursive n as (select 100 i union all select i + 1 from n where i < 199) "
        "insert into chats (id, type, created_by, created_at, last_seq) select i, 'group', 1, '2026-01-01', 5 from n",
    )
    logs = [fault.text for fault in verify(url) if fault.part == "logs"]
    assert len(logs) == SHOWN + 1 and logs[-1] == f"and {100 - SHOWN} more"
