"""The store: transactions, what readers and watches see of them, and what is on the disk afterwards."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.apiserver.database import Database
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.stored import Change, Key, NoSpaceError, StaleError, Transaction
from turnout.apiserver.window import ExpiredError

THINGS = ("g", "things")


def key(name: str, namespace: str = "default") -> Key:
    return Key("g", "things", namespace, name)


def document(name: str, value: int = 0) -> dict[str, object]:
    return {"metadata": {"name": name}, "value": value}


def put(name: str, expected: int, value: int = 0) -> Transaction:
    return Transaction({key(name): expected}, {key(name): document(name, value)})


def remove(name: str, expected: int) -> Transaction:
    return Transaction({key(name): expected}, {key(name): None})


def with_store(main: Callable[[ObjectStore], Awaitable[None]], database: Database | None = None) -> None:
    async def run() -> None:
        store = ObjectStore(database or Database(None))
        try:
            await main(store)
        finally:
            await store.close()

    asyncio.run(run())


def test_a_write_is_seen_when_it_is_answered() -> None:
    async def main(store: ObjectStore) -> None:
        (change,) = await store.commit(put("a", 0, 7))

        found = store.get(key("a"))
        assert found is not None
        assert found.document == {"metadata": {"name": "a", "resourceVersion": "1"}, "value": 7}
        assert (change.version, store.version, found.version) == (1, 1, 1)

    with_store(main)


def test_a_list_is_in_order_and_of_one_namespace_if_asked() -> None:
    async def main(store: ObjectStore) -> None:
        for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
            await store.commit(Transaction({key(name, namespace): 0}, {key(name, namespace): document(name)}))

        assert [each.key[2:] for each in store.list(THINGS)] == [("a", "y"), ("a", "z"), ("b", "x")]
        assert [each.key.name for each in store.list(THINGS, "a")] == ["y", "z"]
        assert {each.key.name for each in store.inside("b")} == {"x"}

    with_store(main)


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_write_that_expects_another_version_changes_nothing(expected: int) -> None:
    async def main(store: ObjectStore) -> None:
        await store.commit(put("a", 0))
        await store.commit(put("a", 1, 5))

        with pytest.raises(StaleError):
            await store.commit(put("a", expected, 9))

        found = store.get(key("a"))
        assert found is not None
        assert found.document["value"] == 5
        assert store.version == 2

    with_store(main)


def test_one_of_many_writes_at_once_wins() -> None:
    async def main(store: ObjectStore) -> None:
        answers = await asyncio.gather(*(store.commit(put("a", 0, n)) for n in range(50)), return_exceptions=True)

        assert sum(not isinstance(each, StaleError) for each in answers) == 1
        assert store.version == 1

    with_store(main)


def test_a_transaction_is_all_or_nothing() -> None:
    async def main(store: ObjectStore) -> None:
        await store.commit(put("a", 0))
        both = {key("a"): 7, key("b"): 0}

        with pytest.raises(StaleError):
            await store.commit(Transaction(both, {key("a"): None, key("b"): document("b")}))

        assert [each.key.name for each in store.list(THINGS)] == ["a"]

    with_store(main)


def test_every_change_of_a_transaction_has_its_own_version() -> None:
    async def main(store: ObjectStore) -> None:
        both = {key("a"): 0, key("b"): 0}
        changes = await store.commit(Transaction(both, {name: document(name.name) for name in both}))

        assert [change.version for change in changes] == [1, 2]
        removal = await store.commit(remove("a", 1))
        assert removal[0].last.document["metadata"]["resourceVersion"] == "3"

    with_store(main)


def test_a_failing_disk_changes_nothing_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(None)
    commit = database.commit

    def full(version: int, changes: "list[Change]") -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    async def main(store: ObjectStore) -> None:
        monkeypatch.setattr(database, "commit", full)
        with pytest.raises(NoSpaceError, match="disk is full"):
            await store.commit(put("a", 0))
        assert store.get(key("a")) is None
        assert store.version == 0

        monkeypatch.setattr(database, "commit", commit)
        (change,) = await store.commit(put("a", 0))
        assert change.version == 1

    with_store(main, database)


def test_what_is_asked_before_the_end_is_committed(tmp_path: Path) -> None:
    async def main(store: ObjectStore) -> None:
        answers = [asyncio.create_task(store.commit(put(f"n{number}", 0))) for number in range(600)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*answers)

    with_store(main, Database(tmp_path / "db"))

    database = Database(tmp_path / "db")
    version, objects = database.load()
    database.close()
    assert version == len(objects) == 600


def test_a_caller_that_gives_up_does_not_undo_its_write() -> None:
    async def main(store: ObjectStore) -> None:
        writing = asyncio.create_task(store.commit(put("a", 0)))
        await asyncio.sleep(0)
        writing.cancel()
        await store.commit(put("b", 0))

        assert store.get(key("a")) is not None

    with_store(main)


def test_watches_end_when_they_are_told_to() -> None:
    async def main(store: ObjectStore) -> None:
        early = store.watch(THINGS, 0)
        store.end_watches()
        assert early.closed
        assert store.watch(THINGS, 0).closed

    with_store(main)


def test_a_watch_from_before_the_start_is_expired(tmp_path: Path) -> None:
    async def before(store: ObjectStore) -> None:
        await store.commit(put("a", 0))
        await store.commit(put("a", 1))

    async def after(store: ObjectStore) -> None:
        with pytest.raises(ExpiredError):
            store.watch(THINGS, 1)
        assert not store.watch(THINGS, 2).take()

    with_store(before, Database(tmp_path / "db"))
    with_store(after, Database(tmp_path / "db"))


Steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "stale", "watch", "restart"]), st.sampled_from("abc"), st.integers(0, 9)
    ),
    max_size=25,
)


class Replay:
    """A client that listed once and follows by watching."""

    def __init__(self, store: ObjectStore) -> None:
        self.objects = {each.key: each.document for each in store.list(THINGS)}
        self._watch = store.watch(THINGS, store.version)
        self._version = store.version

    def catch_up(self) -> dict[Key, dict[str, object]]:
        for change in self._watch.take():
            assert change.version > self._version
            self._version = change.version
            if change.after is None:
                del self.objects[change.key]
            else:
                self.objects[change.key] = change.after.document
        return self.objects


@settings(max_examples=60, deadline=None)
@given(Steps)
def test_a_list_and_its_watch_give_what_a_later_list_gives(steps: list[tuple[str, str, int]]) -> None:
    """Over restarts too; and every version is used once."""

    async def main(path: Path) -> None:
        store = ObjectStore(Database(path))
        replays = [Replay(store)]
        used: list[int] = []
        for action, name, value in steps:
            found = store.get(key(name))
            at = found.version if found else 0
            if action == "watch":
                replays.append(Replay(store))
            elif action == "restart":
                await store.close()
                store = ObjectStore(Database(path))
                replays = [Replay(store)]
            elif action == "stale":
                with pytest.raises(StaleError):
                    await store.commit(put(name, at + 1))
            elif action == "put" or found:
                transaction = put(name, at, value) if action == "put" else remove(name, at)
                used += [change.version for change in await store.commit(transaction)]
        listed = {each.key: each.document for each in store.list(THINGS)}
        assert all(replay.catch_up() == listed for replay in replays)
        assert used == sorted(set(used))
        await store.close()

    with TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder) / "db"))
