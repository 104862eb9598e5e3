"""A worker as its parent, the controller, the scraper and its clients see it."""

import asyncio
import socket
from pathlib import Path

from tests.support.upstream import Conversation, answering, upstream
from tests.support.watching import watched
from tests.support.worker import Client, get, post, run, states, table, until
from tests.support.worker_process import Stream, worker
from turnout.channels import Acknowledged, ArmCount, Hello, Listen, Report, Stop, encode
from turnout.table import WatchedMetric


def test_it_says_hello_serves_a_table_and_acknowledges_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, worker(tmp_path) as process:
            assert process.process is not None
            hello = Hello("worker", process.process.pid, 1)
            await until(lambda: process.controller.heard[:1] == process.scraper.heard[:1] == [hello])
            await process.serve(up.address)
            assert process.controller.of(Acknowledged) == [Acknowledged(1)]
            assert (await process.ask()).pool == "a"

    run(main())


def test_it_accepts_nothing_before_it_has_a_table_and_knows_endpoints(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, worker(tmp_path) as process:
            waiting = asyncio.create_task(process.ask())
            await until(lambda: len(process.controller.of(Report)) > 2)
            assert not waiting.done()
            process.controller.publish(1, table({"a": 1}, port=process.port))
            await until(lambda: process.controller.of(Acknowledged))
            process.scraper.say(states(a=up.address))
            assert (await waiting).status == 200

    run(main())


def test_it_accepts_without_the_scraper_in_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with worker(tmp_path) as process:
            process.controller.publish(1, table({"a": 1}, port=process.port))
            assert (await process.ask()).reason == "no-endpoints"

    run(main())


def test_it_reports_what_it_counted_and_misses_no_number(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, worker(tmp_path) as process:
            await process.serve(up.address)
            for _ in range(7):
                await process.ask()
            await until(lambda: process.requests() == 7)
            reports = process.controller.of(Report)
            assert [each.seq for each in reports] == list(range(1, len(reports) + 1))
            assert reports[-1].table_version == 1
            (count,) = {
                (each.route, each.rule, each.pool, each.code, each.reason) for r in reports for each in r.counts
            }
            assert count == ("default/r", "0", "default/a", 200, "")
            assert process.in_flight() == 0

    run(main())


def test_it_reports_a_watched_stream_s_missed_deadline_while_the_stream_is_open(tmp_path: Path) -> None:
    async def silent(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.gone()

    async def main() -> None:
        async with upstream(silent) as up, worker(tmp_path) as process:
            process.scraper.say(states(candidate=up.address))
            metrics = [WatchedMetric("ttft", "TTFT", 0.05)]
            process.controller.publish(1, watched({"candidate": 1}, metrics, port=process.port))
            await until(lambda: process.controller.of(Acknowledged))
            async with process.client() as opened:
                await opened.send(post(b'{"stream":true}', path="/v1/chat/completions"))
                await until(lambda: any(each.misses for each in process.controller.of(Report)))
                assert process.requests() == 0
            [report] = [each for each in process.controller.of(Report) if each.misses]
            assert report.arms == (ArmCount("default/r", 1, "candidate", "ttft", "", 1, 1, "uid-1"),)
            assert [(each.metric, each.share) for each in report.misses] == [("ttft", 1.0)]

    run(main())


def test_it_keeps_its_table_while_the_controller_and_the_scraper_are_away(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, worker(tmp_path) as process:
            await process.serve(up.address)
            process.controller.stop()
            process.scraper.stop()
            lines = len(process.controller.writers)
            assert (await process.ask()).status == 200
            await process.controller.start()
            await until(lambda: len(process.controller.writers) > lines)
            assert (await process.ask()).status == 200
            process.controller.publish(9, table({"b": 1}, port=process.port))
            await until(lambda: process.controller.of(Acknowledged)[-1:] == [Acknowledged(9)])
            assert (await process.ask()).pool == "b"
            await until(lambda: process.requests() == 3)

    run(main())


def test_a_port_that_is_stopped_is_left_to_the_parent_and_open_requests_go_on(tmp_path: Path) -> None:
    async def main() -> None:
        stream = Stream()
        async with upstream(stream.script) as up, worker(tmp_path) as process, process.client() as opened:
            await process.serve(up.address)
            await opened.send(get())
            await until(lambda: process.in_flight() == 1)
            process.parent.sendall(encode(Stop(process.port)))
            other = socket.create_server(("127.0.0.1", 0))
            socket.send_fds(process.parent, [encode(Listen(process.port))], [other.fileno()])
            reader, writer = await asyncio.open_connection(*other.getsockname())
            second = Client(reader, writer)
            await second.send(get())
            stream.go.set()
            assert (await second.read()).body == b"ab"
            assert (await opened.read()).body == b"ab"
            waiting = asyncio.create_task(process.ask())
            process.listener.settimeout(10)
            accepted, _ = await asyncio.get_running_loop().run_in_executor(None, process.listener.accept)
            accepted.close()
            await asyncio.gather(waiting, return_exceptions=True)
            writer.close()
            other.close()

    run(main())


def test_draining_finishes_what_is_open_and_tells_kept_connections_to_close(tmp_path: Path) -> None:
    async def main() -> None:
        stream = Stream()
        async with upstream(stream.script) as up, worker(tmp_path) as process:
            await process.serve(up.address)
            async with process.client() as streaming, process.client() as kept:
                stream.go.set()
                await kept.send(get())
                assert (await kept.read()).body == b"ab"
                stream.go.clear()
                await streaming.send(get())
                await streaming.reader.readuntil(b"1\r\na\r\n")
                process.parent.sendall(encode(Stop()))
                await until(lambda: "draining" in process.log.read_text())
                await kept.send(get())
                stream.go.set()
                answer = await kept.read()
                assert (answer.body, answer.headers["connection"]) == (b"ab", "close")
                assert await kept.ended()
                assert (await streaming.reader.readuntil(b"0\r\n\r\n")) == b"1\r\nb\r\n0\r\n\r\n"
                assert await process.ended() == 0
            assert process.in_flight() == 0
            assert process.requests() == 3

    run(main())


def test_what_is_not_finished_when_the_time_for_draining_is_over_is_answered_503_or_cut(tmp_path: Path) -> None:
    async def half(conversation: Conversation) -> None:
        request = await conversation.request()
        if request.line.startswith("GET /begun "):
            await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await conversation.gone()

    async def main() -> None:
        async with upstream(half) as up, worker(tmp_path, drain=0.3) as process:
            await process.serve(up.address)
            async with process.client() as begun, process.client() as waiting:
                await begun.send(get("/begun"))
                await begun.reader.readuntil(b"1\r\na\r\n")
                await waiting.send(post(b"{}"))
                await until(lambda: len(up.received) == 2)
                process.parent.sendall(encode(Stop()))
                answer = await waiting.read("POST")
                assert (answer.status, answer.reason) == (503, "draining")
                assert await begun.ended()
                assert await process.ended() == 0
            counts = {(each.code, each.reason) for r in process.controller.of(Report) for each in r.counts}
            assert counts == {(503, "draining"), (200, "draining")}

    run(main())
