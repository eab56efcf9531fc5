"""What a user reads when a verb does not fit a letter."""

from __future__ import annotations

import pytest

from tuimail.errors import IllegalTransitionError
from tuimail.outbox.model.states import ItemState, Verb, after, verbs_for


@pytest.mark.parametrize("state", ItemState)
def test_a_verb_that_does_not_fit_is_refused_in_plain_words(state: ItemState) -> None:
    for verb in set(Verb) - verbs_for(state):
        with pytest.raises(IllegalTransitionError) as caught:
            after(verb, state)
        sentence = f"{caught.value} {caught.value.hint}"
        assert "resolve-" not in sentence
        assert "deferred" not in sentence


def test_resending_a_held_letter_says_that_it_is_held() -> None:
    with pytest.raises(IllegalTransitionError, match=r"^Cannot resend: it is held\."):
        after(Verb.RESOLVE_RESEND, ItemState.HELD)
