"""A process asks no more at once than it can read in time: groups come in whole, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable

from core.http.crowd import Crowd


def play(story: Callable[[Crowd], Awaitable[None]], most: int = 10) -> None:
    async def whole() -> None:
        await story(Crowd(most))

    asyncio.run(whole())


async def entering(crowd: Crowd, group: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(crowd.enter(group))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


def test_groups_that_fit_come_in_together() -> None:
    async def story(crowd: Crowd) -> None:
        first, second = await entering(crowd, 6), await entering(crowd, 4)
        assert first.done()
        assert second.done()

    play(story)


def test_a_group_that_does_not_fit_waits_until_somebody_leaves() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(6)
        waiting = await entering(crowd, 5)
        assert not waiting.done()
        crowd.leave(6)
        await asyncio.sleep(0)
        assert waiting.done()

    play(story)


def test_nobody_overtakes_a_larger_group_that_came_before() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(6)
        large, small = await entering(crowd, 9), await entering(crowd, 1)
        assert not small.done()
        crowd.leave(6)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert large.done()
        assert small.done()

    play(story)


def test_a_group_larger_than_the_room_enters_alone() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(1)
        huge = await entering(crowd, 50)
        assert not huge.done()
        crowd.leave(1)
        await asyncio.sleep(0)
        assert huge.done()
        assert not (await entering(crowd, 1)).done()

    play(story)


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(10)
        gone, next_one = await entering(crowd, 4), await entering(crowd, 10)
        gone.cancel()
        await asyncio.sleep(0)
        crowd.leave(10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert next_one.done()

    play(story)


def test_who_gives_up_at_the_moment_of_being_let_in_makes_room_again() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(10)
        gone = await entering(crowd, 10)
        crowd.leave(10)
        gone.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (await entering(crowd, 10)).done()

    play(story)


def test_a_loop_that_comes_late_is_given_less_to_read_and_more_again_while_it_comes_in_time() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.enter(10)
        crowd.leave(10, late_by=0.3)
        await crowd.enter(7)
        eighth = await entering(crowd, 1)
        assert not eighth.done()
        crowd.leave(7, late_by=-0.1)
        assert (await entering(crowd, 7)).done(), "there is room for eight now"

    play(story)


def test_groups_that_were_late_together_make_the_room_smaller_once() -> None:
    async def story(crowd: Crowd) -> None:
        for _ in range(10):
            await crowd.enter(1)
        for _ in range(10):
            crowd.leave(1, late_by=0.3)
        assert (await entering(crowd, 7)).done()

    play(story)
