"""Where the page is served is said as HOST:PORT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.address import Address, parse_address
from playbach.errors import InputError


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8420", Address("127.0.0.1", 8420), True),
        ("localhost:80", Address("localhost", 80), True),
        (":9000", Address("127.0.0.1", 9000), True),
        ("[::1]:8420", Address("::1", 8420), True),
        ("0.0.0.0:8420", Address("0.0.0.0", 8420), False),  # noqa: S104 text only
        ("[::]:8420", Address("::", 8420), False),
        ("192.168.1.20:1", Address("192.168.1.20", 1), False),
    ],
)
def test_addresses_are_read(text: str, address: Address, loopback: bool) -> None:
    assert parse_address(text) == address
    assert address.is_loopback is loopback


@pytest.mark.parametrize(
    "text",
    ["", ":", "8420", "localhost", "host.example:80", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:٣",
     "1.2.3.4:" + 5_000 * "9", "999.1.1.1:80"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(InputError, match=r"it must be HOST:PORT") as caught:
        parse_address(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(st.ip_addresses().map(str), st.integers(0, 65_535))
def test_every_address_survives_the_round_trip(host: str, port: int) -> None:
    address = Address(host, port)
    assert parse_address(str(address)) == address
