"""One setting names the currency of all money; without it, numbers stand as they are."""

import os
import subprocess
import sys

import matplotlib.figure
import pytest

from perflab.charts.ticks import set_ticks
from perflab.currency import MOST_LETTERS, VARIABLE, currency, priced
from perflab.instrumentation.catalog import metric
from perflab.units import in_words


@pytest.mark.parametrize(
    ("name", "positive", "negative"),
    [("", "4.2", "−4.2"), ("EUR", "4.2 EUR", "−4.2 EUR"), ("$", "$4.2", "−$4.2")],
)
def test_money_is_written_in_the_currency_that_is_set(monkeypatch, name, positive, negative):
    monkeypatch.setenv(VARIABLE, name)
    assert in_words(4.2, "currency") == positive
    assert in_words(-4.2, "currency") == negative
    assert metric("cost_per_day").format(4.2) == positive
    assert in_words(4.2, "seconds") == "4.2 s"


def test_what_is_not_known_has_no_currency(monkeypatch):
    monkeypatch.setenv(VARIABLE, "$")
    assert in_words(None, "currency") == "n/a"
    assert priced("∞") == "∞"


@pytest.mark.parametrize("text", ["\x1b[31mE\nU R1", "E" * 500, " EUR "])
def test_a_hostile_currency_is_short_and_printable(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    assert len(currency()) <= MOST_LETTERS
    assert currency().isprintable()
    assert not any(each.isdigit() or each.isspace() for each in currency())


@pytest.mark.parametrize("log", [False, True])
def test_an_axis_of_money_names_the_currency(monkeypatch, log):
    axis = matplotlib.figure.Figure().subplots().yaxis
    set_ticks(axis, "cost per day", "currency", 1.0, 50.0, log=log)
    assert axis.get_label_text() == "cost per day (currency)"
    monkeypatch.setenv(VARIABLE, "CHF")
    set_ticks(axis, "cost per day", "currency", 1.0, 50.0, log=log)
    assert axis.get_label_text() == "cost per day (CHF)"


def test_the_shell_shows_it_in_settings_and_predictions():
    def said(*words):
        command = [sys.executable, "-m", "perflab", *words]
        return subprocess.run(
            command, env={**os.environ, VARIABLE: "EUR"}, capture_output=True, text=True, check=True
        ).stdout

    assert "GiB of memory per hour, in EUR" in " ".join(said("settings", "cache").split())
    assert " EUR" in said(
        "predict", "cache", "--workload", "loop:keys=9,requests=900", "--set", "request_rate=50"
    )
