"""The answerer's connectivity checks may arrive before its answer does."""

from __future__ import annotations

from tests.peer.support import VIDEO, eventually, pair
from wsmedia.peer import PeerState


async def test_checks_before_the_answer_find_the_offerer_in_its_role():
    async with pair() as (offerer, answerer):
        offerer.add_sender(VIDEO)
        # The tie-breakers decide who gives way in a conflict about the roles; there shall be none.
        offerer.transport._ice._tie_breaker, answerer.transport._ice._tie_breaker = 0, 2**64 - 1
        answer = await answerer.accept_offer(await offerer.create_offer())
        early = offerer.transport._ice._early_checks
        await eventually(lambda: bool(early))

        await offerer.accept_answer(answer)

        await eventually(lambda: offerer.state is answerer.state is PeerState.CONNECTED)
        assert offerer.transport._ice.ice_controlling
        assert not answerer.transport._ice.ice_controlling


async def test_a_silent_source_is_not_waited_for_with_short_timers():
    """A receiver that wants a keyframe of a source that sends nothing has no reason to wake up."""
    async with pair() as (offerer, answerer):
        offerer.add_sender(VIDEO)
        await offerer.accept_answer(await answerer.accept_offer(await offerer.create_offer()))
        (receiver,) = answerer.receivers
        receiver.request_keyframe()
        receiver.request_keyframe()
        assert receiver.handle_timeout(1e9) is None
