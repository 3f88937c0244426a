"""Pair rate, throughput, retry delays and the pictures: all pure."""

import struct

from apps.sandbox import samples
from apps.sandbox.payloads import sign
from apps.sandbox.rates import PairRate, Throughput, Tier, retry_delay


def test_pair_takes_a_burst_of_45_and_then_one_every_six_seconds() -> None:
    rate = PairRate()
    pair = ("number", "person")
    assert [rate.take(pair, 1000.0) for _ in range(46)] == [True] * 45 + [False]
    assert not rate.take(pair, 1005.9)
    assert rate.take(pair, 1006.0)
    assert not rate.take(pair, 1006.1)
    assert rate.take(("number", "another"), 1006.1)


def test_throughput_is_per_number_and_second() -> None:
    rate = Throughput()
    assert [rate.take("a", 80, 5.0) for _ in range(81)] == [True] * 80 + [False]
    assert rate.take("b", 80, 5.0)
    assert not rate.take("a", 80, 5.9)
    assert rate.take("a", 80, 6.0)


def test_a_tier_counts_each_person_once_in_any_24_hours() -> None:
    tier, day = Tier(), 86400.0
    assert [tier.take("p", person, 2, 0.0) for person in "abca"] == [True, True, False, True]
    assert tier.take("p", "a", 2, day / 2), "again, and so still counted half a day longer"
    assert tier.take("p", "c", 2, day), "b's day is over"
    assert not tier.take("p", "d", 2, day * 1.4)
    assert tier.take("p", "d", 2, day * 1.5)
    assert tier.take("q", "d", 1, 0.0), "another portfolio has its own"
    assert all(tier.take("free", str(n), None, 0.0) for n in range(5000))
    assert tier.most["p"] == 2


def test_retries_grow_to_half_a_minute() -> None:
    assert [retry_delay(n) for n in (1, 2, 3, 7, 50)] == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_signature_of_a_known_body() -> None:
    # RFC 4231, test case 2.
    expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign("Jefe", b"what do ya want for nothing?") == expected


def test_pictures_are_png_of_their_size() -> None:
    for name in samples.PICTURES:
        data = samples.picture(name)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", data[16:24]) == (samples.WIDTH, samples.HEIGHT)
        assert len(data) < 50_000
    assert len({samples.picture(name) for name in samples.PICTURES}) == 4


def test_pdf_points_at_its_own_table() -> None:
    data = samples.pdf()
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start : start + 4] == b"xref"
