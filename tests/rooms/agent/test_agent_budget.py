"""Money, turns and minutes as tables, and our prices against a list kept by others."""

from __future__ import annotations

from datetime import datetime

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.agent.budget import (
    PRICES,
    PRICES_AS_OF,
    UNKNOWN,
    Budget,
    Spent,
    affordable_tokens,
    cost_usd,
    family_of,
    price_of,
    warning,
    worst_prompt_usd,
    worst_tokens,
)
from app.settings import MODEL_DEEP, MODEL_DEFAULT, MODEL_FAST
from app.settings.providers import NAMES

MODEL = "claude-sonnet-5-5"
AS_OF = datetime.fromisoformat(PRICES_AS_OF + "T00:00:00+00:00")


@pytest.mark.parametrize("model", sorted(PRICES))
@pytest.mark.parametrize(
    "tokens",
    [
        {"input_tokens": 30_000},
        {"input_tokens": 10_000, "cache_read_tokens": 60_000},
        {"input_tokens": 10_000, "cache_write_tokens": 60_000},
        {"input_tokens": 150_000, "output_tokens": 4_000},
    ],
)
def test_our_prices_are_the_published_ones(model, tokens):
    usage = genai_prices.Usage(**{**tokens, "input_tokens": sum(v for k, v in tokens.items() if k != "output_tokens")})
    theirs = genai_prices.calc_price(usage, model_ref=model, provider_id="anthropic", genai_request_timestamp=AS_OF)
    ours = cost_usd(
        model,
        {
            "input_tokens": tokens["input_tokens"],
            "output_tokens": tokens.get("output_tokens", 0),
            "cache_read_input_tokens": tokens.get("cache_read_tokens", 0),
            "cache_creation_input_tokens": tokens.get("cache_write_tokens", 0),
        },
    )
    assert ours == pytest.approx(float(theirs.total_price))


@pytest.mark.parametrize("alias", [MODEL_FAST, MODEL_DEFAULT, MODEL_DEEP])
def test_the_aliases_name_models_that_exist_and_have_a_price(alias):
    assert alias in PRICES
    from anthropic.types import model as sdk_models  # takes seconds to load

    assert alias in str(sdk_models.Model)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic.claude-opus-5-v1:0", "claude-opus-5"),
        ("claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("claude-sonnet-5@20260601", "claude-sonnet-5"),
    ],
)
def test_a_name_finds_its_family(name, family):
    assert family_of(name) == family


@pytest.mark.parametrize("name", [*NAMES["bedrock"], *(name.replace("global.", "eu.") for name in NAMES["bedrock"])])
def test_bedrock_is_counted_at_its_own_price(name):
    """A request that stays in a geography costs a tenth more than one that may go anywhere."""
    usage = genai_prices.Usage(input_tokens=30_000, cache_read_tokens=10_000, output_tokens=5_000)
    theirs = genai_prices.calc_price(usage, model_ref=name, provider_id="aws", genai_request_timestamp=AS_OF)
    ours = cost_usd(name, {"input_tokens": 20_000, "cache_read_input_tokens": 10_000, "output_tokens": 5_000})
    assert ours == pytest.approx(float(theirs.total_price))


@pytest.mark.parametrize("name", ["claude-opus-5-9", "claude-opus-7", "gpt-6", "", "claude-haiku-4-55"])
def test_an_unknown_model_costs_the_most(name):
    assert price_of(name) is UNKNOWN
    assert all(UNKNOWN.output >= price.output and UNKNOWN.input >= price.input for price in PRICES.values())


@pytest.mark.parametrize(
    ("spent", "answer"),
    [
        (Spent(usd=0, turns=0, minutes=0), 8_000),
        (Spent(usd=1, turns=0, minutes=0), "usd"),
        (Spent(usd=0, turns=10, minutes=0), "turns"),
        (Spent(usd=0, turns=0, minutes=30), "minutes"),
        (Spent(usd=0.95, turns=0, minutes=0), 2_500),
        (Spent(usd=0.97, turns=0, minutes=0), "usd"),
    ],
)
def test_a_call_is_made_only_when_its_worst_case_fits(spent, answer):
    budget = Budget(usd=1, turns=10, minutes=30)
    assert affordable_tokens(budget, spent, MODEL, prompt_tokens=10_000, wanted=8_000) == answer


@given(
    usd=st.floats(0.01, 5),
    share=st.floats(0, 1),
    prompt=st.integers(100, 300_000),
    model=st.sampled_from([*PRICES, "new-model"]),
    data=st.data(),
)
def test_no_reply_can_overspend(usd, share, prompt, model, data):
    spent = Spent(usd=usd * share, turns=0, minutes=0)
    tokens = affordable_tokens(Budget(usd=usd, turns=9, minutes=9), spent, model, prompt_tokens=prompt, wanted=16_000)
    if not isinstance(tokens, int):
        return
    read = data.draw(st.integers(0, prompt))
    written = data.draw(st.integers(0, prompt - read))
    usage = {
        "input_tokens": prompt - read - written,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "output_tokens": tokens,
    }
    assert spent.usd + cost_usd(model, usage) <= usd + 1e-9


def test_the_model_is_told_at_80_percent():
    budget = Budget(usd=1, turns=10, minutes=30)
    assert warning(budget, Spent(usd=0.79, turns=7, minutes=23)) is None
    text = warning(budget, Spent(usd=0.8, turns=8, minutes=0)) or ""
    assert "$0.80 of $1.00, 8 of 10 turns" in text and "finish" in text


def test_estimates_err_on_the_dear_side():
    assert worst_tokens(3_000) >= 2_000
    assert worst_prompt_usd(MODEL, 1_000_000) == pytest.approx(2.5)
    assert cost_usd(MODEL, {}) == 0 and cost_usd(MODEL, {"output_tokens": None}) == 0
