"""Marks, typing, presence and profiles (docs/protocol.md section 4)."""

from typing import NoReturn

from chatproto.operations import (
    AccountDeleted,
    AppendBatch,
    BlocksFound,
    ChatFound,
    ChatsFound,
    CreateDirect,
    DeleteAccount,
    FetchMessages,
    FetchPage,
    FindUsers,
    ListBlocks,
    ListChats,
    LoadChat,
    LoadSession,
    Mark,
    MessagesFound,
    MessagesMatched,
    OperationFailed,
    PageFound,
    SearchMessages,
    SetBlock,
    SetFlags,
    UpdateUser,
    UsersFound,
)
from chatproto.server.lines import Line
from chatproto.simulation.model_operations import perform
from chatproto.wire.query import read_query
from tests.scenarios.hub_world import Peer, Person, World, change


def say(peer: Peer, chat_id: int, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        peer.send(type="send", chat_id=chat_id, cid=f"c{number}", content=str(number))


def marks(peer: Peer) -> list[tuple[int, int, int]]:
    return [(frame["user_id"], frame["delivered_seq"], frame["read_seq"]) for frame in peer.take("marks")]


# --- marks ---


def test_a_mark_is_echoed_told_to_own_connections_and_to_the_peer() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b, b2 = ann.connect(), bob.connect(), bob.connect()
    say(a, chat_id, 3)
    for peer in (a, b, b2):
        peer.take()
    b.send(type="mark", id="m", chat_id=chat_id, delivered_seq=3, read_seq=2)
    [echo] = b.take("marks")
    assert (echo["ref"], echo["delivered_seq"], echo["read_seq"]) == ("m", 3, 2)
    assert (echo["unread_count"], echo["last_seq"]) == (1, 3)
    [own] = b2.take("marks")
    assert "ref" not in own and (own["unread_count"], own["last_seq"]) == (1, 3)
    [told] = a.take("marks")
    assert (told["user_id"], told["read_seq"]) == (bob.id, 2)
    assert "unread_count" not in told
    b.send(type="mark", chat_id=chat_id, read_seq=1)
    assert marks(b) == [], "at most one a second goes to storage"
    world.sleep(1)
    assert marks(b) == [(bob.id, 3, 2)]
    assert a.take("marks") == b2.take("marks") == []


def test_marks_that_cannot_be() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    a.send(type="mark", id="m", chat_id=chat_id, read_seq=1)
    assert [(error["code"], error["ref"], error["field"]) for error in a.take("error")] == [
        ("bad_seq", "m", "read_seq")
    ]
    a.send(type="mark", chat_id=chat_id, read_seq=-1)
    assert [error["code"] for error in a.take("error")] == ["bad_frame"]


def test_marks_that_come_while_one_is_stored_are_merged() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, 9)
    b.take()
    world.hold = {Mark}
    b.send(type="mark", id="1", chat_id=chat_id, delivered_seq=1)
    b.send(type="mark", id="2", chat_id=chat_id, delivered_seq=7)
    b.send(type="mark", id="3", chat_id=chat_id, read_seq=4)
    b.send(type="mark", id="4", chat_id=chat_id, read_seq=3)
    assert len(world.held) == 1
    world.release()
    assert not world.held
    world.sleep(1)
    world.release()
    assert not world.held
    assert [(frame["ref"], frame["delivered_seq"], frame["read_seq"]) for frame in b.take("marks")] == [
        ("1", 1, 0),
        ("4", 7, 4),
    ]


def test_a_mark_that_waits_is_not_lost_when_its_timer_is_late() -> None:
    """A client that marks once a second meets the end of that second before the server's timer does."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, 10)
    b.take()
    b.send(type="mark", chat_id=chat_id, delivered_seq=3)
    b.send(type="mark", chat_id=chat_id, read_seq=8)
    world.pass_by(1.01)
    b.send(type="mark", chat_id=chat_id, delivered_seq=10)
    assert marks(b) == [(bob.id, 3, 0), (bob.id, 10, 8)]
    assert b.session.admission.in_flight == 0
    world.sleep(2)
    assert marks(b) == [] and marks(a)[-1] == (bob.id, 10, 8)


def test_every_answer_of_storage_tells_who_is_online() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    bob.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="hello")
    world.request(SetBlock(ann.id, bob.id, on=True, now=world.now))
    query = read_query("hello")
    assert query is not None
    found = world.request(SearchMessages(bob.id, query, 20))
    assert isinstance(found, MessagesMatched) and [(user.id, user.online) for user in found.users] == [(ann.id, None)]
    world.request(SetBlock(ann.id, bob.id, on=False, now=world.now))
    found = world.request(SearchMessages(bob.id, query, 20))
    assert isinstance(found, MessagesMatched) and [(user.id, user.online) for user in found.users] == [(ann.id, True)]
    world.request(SetBlock(ann.id, bob.id, on=True, now=world.now))
    listed = world.request(ListBlocks(ann.id))
    assert isinstance(listed, BlocksFound) and [one.user.online for one in listed.blocks] == [True]


def test_who_leaves_costs_no_look_at_the_lines_of_others() -> None:
    class Lines(dict[int, Line]):
        """All of them are looked at by nobody."""

        def items(self) -> NoReturn:
            raise AssertionError("every line is looked at")

    world = World()
    ann, bob = world.people("ann", "bob")
    chats = [world.group(ann, bob) for _ in range(3)]
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    for chat_id in chats:
        a.send(type="send", chat_id=chat_id, cid=f"a-{chat_id}", content="x")
    for number in range(2):
        b.send(type="send", chat_id=chats[0], cid=f"b-{number}", content="x")
    lines = world.hub.parts.lines
    lines._lines = Lines(lines._lines)
    b.leave()
    assert [len(lines._lines[chat_id].waiting) for chat_id in chats] == [0, 0, 0]
    assert len(world.held) == 3, "what is in storage is decided there"


def test_a_mark_of_a_connection_that_left_is_still_told() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, 1)
    world.hold = {Mark}
    b.send(type="mark", chat_id=chat_id, delivered_seq=1)
    b.leave()
    world.release()
    assert marks(a) == [(bob.id, 1, 0)]


def test_a_group_member_is_told_only_what_rises_for_them_once_a_second() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    say(a, chat_id, 5)
    world.sleep(1.5)
    for peer in (a, b, e):
        peer.take()
    b.send(type="mark", chat_id=chat_id, delivered_seq=2)
    b.take("marks")
    world.sleep(1.25)
    assert (marks(a), marks(b), marks(e)) == ([(bob.id, 2, 0)], [], [(bob.id, 2, 0)])
    b.send(type="mark", chat_id=chat_id, delivered_seq=3)
    world.request(Mark(bob.id, chat_id, 4, None, world.now))
    e.send(type="mark", chat_id=chat_id, delivered_seq=2, read_seq=1)
    assert a.take("marks") == []
    b.take("marks"), e.take("marks")
    world.sleep(1.25)
    assert marks(a) == [(eve.id, 2, 1), (bob.id, 4, 0)]
    assert marks(b) == [(eve.id, 2, 1)]
    assert marks(e) == [(bob.id, 4, 0)]
    e.send(type="mark", chat_id=chat_id, delivered_seq=3)
    e.take("marks")
    world.sleep(1.25)
    assert marks(a) == []
    assert marks(b) == [(eve.id, 3, 1)]
    for peer in (a, b, e):
        peer.leave()
    assert world.hub.parts.watermarks.chats == {}


def test_marks_over_http_reach_the_sockets_and_unmoved_ones_do_not() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id, group_id = world.direct(ann, bob), world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, 1)
    world.request(Mark(bob.id, chat_id, None, -1, world.now))
    assert marks(a) == [(bob.id, 1, 1)]
    assert marks(b) == [(bob.id, 1, 1)]
    world.request(Mark(bob.id, chat_id, None, -1, world.now))
    assert marks(a) == marks(b) == []
    say(a, group_id, 1)
    a.leave()
    b.leave()
    world.request(Mark(bob.id, group_id, None, -1, world.now))
    assert world.hub.parts.watermarks.chats == {}


# --- typing ---


def typing(peer: Peer) -> list[tuple[int, bool]]:
    return [(frame["user_id"], frame["on"]) for frame in peer.take("typing")]


def test_b26_typing_is_forwarded_once_in_3_s_and_ends_by_itself() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.direct(ann, bob)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    for _ in range(5):
        a.send(type="typing", chat_id=chat_id, on=True)
    assert typing(b) == [(ann.id, True)]
    world.sleep(3)
    a.send(type="typing", chat_id=chat_id, on=True)
    assert typing(b) == [(ann.id, True)]
    world.sleep(6)
    assert typing(b) == [(ann.id, False)]
    assert typing(a) == typing(e) == []


def test_typing_is_ended_by_its_typist_or_their_leaving() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    a.send(type="typing", chat_id=chat_id, on=False)
    assert typing(b) == []
    a.send(type="typing", chat_id=chat_id, on=True)
    a.send(type="typing", chat_id=chat_id, on=False)
    a.send(type="typing", chat_id=chat_id, on=True)
    a.leave()
    assert typing(b) == [(ann.id, True), (ann.id, False)], "a stop does not begin the 3 s anew"
    a = ann.connect()
    a.send(type="typing", chat_id=chat_id, on=True)
    a.leave()
    assert typing(b) == [(ann.id, True), (ann.id, False)]


# --- presence ---


def presence(peer: Peer) -> list[tuple[int, bool | None]]:
    return [(frame["user_id"], frame["online"]) for frame in peer.take("presence")]


def test_peers_of_direct_chats_learn_who_comes_and_goes() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.direct(ann, bob)
    world.group(ann, bob, eve)
    a, e = ann.connect(), eve.connect()
    b = bob.connect()
    assert presence(a) == [(bob.id, True)]
    assert presence(b) == [(ann.id, True)]
    b2 = bob.connect()
    assert presence(a) == []
    assert presence(b2) == [(ann.id, True)]
    b.leave()
    b2.leave()
    world.sleep(29)
    assert presence(a) == []
    world.sleep(2)
    [gone] = a.take("presence")
    assert (gone["online"], gone["last_seen_at"]) == (False, "2026-01-01T00:00:00Z")
    assert presence(e) == []
    assert world.store.accounts[bob.id].last_seen_at is not None


def test_a_short_absence_is_not_announced() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    presence(a)
    b.leave()
    world.sleep(20)
    bob.connect()
    world.sleep(40)
    assert presence(a) == []


def test_a_new_direct_chat_makes_peers() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    a, b = ann.connect(), bob.connect()
    world.request(CreateDirect(ann.id, bob.id, world.now))
    world.request(CreateDirect(ann.id, ann.id, world.now))
    world.request(CreateDirect(ann.id, eve.id, world.now))
    assert len(a.take("chat")) == 3
    presence(a)
    b.leave()
    world.sleep(31)
    assert presence(a) == [(bob.id, False)]
    world.away = OperationFailed(retryable=True)
    a.leave()
    world.sleep(31)
    assert world.hub.parts.presence.peers == {}


def test_what_was_read_for_a_second_link_before_a_direct_chat_was_made_takes_no_peer_away() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    first, b = ann.connect(), bob.connect()
    world.hold = {LoadSession}
    second = ann.connect()
    loaded = perform(world.store, world.held[0].operation)
    world.hold = set()
    world.direct(ann, bob)
    world.release(loaded)

    assert world.hub.parts.presence.peers == {ann.id: {bob.id}, bob.id: {ann.id}}
    assert [frame["user_id"] for frame in second.take("presence")] == [bob.id]
    for link in (first, second):
        link.take()
    b.leave()
    world.sleep(31)
    for link in (first, second):
        assert [(frame["user_id"], frame["online"]) for frame in link.take("presence")] == [(bob.id, False)]
    for link in (first, second):
        link.leave()
    b = bob.connect()
    assert [(frame["user_id"], frame["online"]) for frame in b.take("presence")] == [(ann.id, True)]
    world.sleep(31)
    assert [(frame["user_id"], frame["online"]) for frame in b.take("presence")] == [(ann.id, False)]


def test_presence_is_filled_in_where_users_are_named_to_those_who_share_a_chat() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    b = bob.connect()
    eve.connect()
    say(b, chat_id, 1)
    found = world.request(FindUsers(ann.id, (bob.id, eve.id)))
    assert isinstance(found, UsersFound)
    assert [user.online for user in found.users] == [True, None]
    chats = world.request(ListChats(ann.id))
    assert isinstance(chats, ChatsFound)
    assert chats.chats[0].peer is not None and chats.chats[0].peer.online and chats.users[0].online
    chat = world.request(LoadChat(ann.id, chat_id, with_members=True))
    assert isinstance(chat, ChatFound) and isinstance(chat.chat.members, tuple)
    assert [member.user.online for member in chat.chat.members] == [True, True]
    page = world.request(FetchPage(ann.id, chat_id, 0, None, 50))
    assert isinstance(page, PageFound) and page.page.users[0].online
    messages = world.request(FetchMessages(ann.id, chat_id, 0, None, 50))
    assert isinstance(messages, MessagesFound) and messages.users[0].online
    a.send(type="sync", chat_id=chat_id, after_seq=0)
    assert a.take("page")[0]["users"][0]["online"] is True


# --- profiles and flags ---


def rename(person: Person) -> UpdateUser:
    return UpdateUser(person.id, "New Name", None, None, None, frozenset({"new"}), person.world.now)


def test_a_new_profile_is_told_to_those_who_share_a_chat() -> None:
    world = World()
    ann, bob, eve, tom = world.people("ann", "bob", "eve", "tom")
    world.direct(ann, bob)
    chat_id = world.group(tom, ann)
    a, b, e, t = ann.connect(), bob.connect(), eve.connect(), tom.join(chat_id)
    world.request(rename(ann))
    [own], [frame] = a.take("user"), b.take("user")
    assert (own["user"]["display_name"], "email" in own["user"]) == ("New Name", True)
    assert (frame["user"]["display_name"], frame["user"]["online"]) == ("New Name", True)
    assert "email" not in frame["user"]
    assert e.take("user") == t.take("user") == []


def test_a_deleted_account_is_told_to_those_who_share_a_chat_and_its_sessions_end() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.direct(ann, bob)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    outcome = world.request(DeleteAccount(ann.id, world.now))
    assert isinstance(outcome, AccountDeleted)
    [frame] = b.take("user")
    assert (frame["user"]["deleted"], frame["user"]["username"]) == (True, f"~{ann.id}")
    assert e.take("user") == [] and a.closed


def test_flags_that_were_read_before_a_removal_are_not_told_after_it() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {SetFlags}
    world.hub.request(SetFlags(bob.id, chat_id, True, None, None), world.moment)
    world.pump()
    read = perform(world.store, world.held[0].operation)
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.take()
    world.release(read)
    assert b.take() == [], "it would say that they are still in"
    world.hold = set()
    world.request(SetFlags(bob.id, chat_id, False, None, None))
    assert [frame["chat"]["left_seq"] for frame in b.take("chat")] == [1]


def test_own_flags_are_told_to_own_connections() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b, joined = ann.connect(), bob.connect(), ann.join(chat_id)
    world.request(SetFlags(ann.id, chat_id, True, None, None))
    assert [frame["chat"]["muted"] for frame in a.take("chat")] == [True]
    assert b.take("chat") == joined.take("chat") == []
    from chatproto.operations import LoadSession

    world.hold = {LoadSession}
    loading = ann.connect()
    world.request(SetFlags(ann.id, chat_id, False, None, None))
    assert loading.take() == []
