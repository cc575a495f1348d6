"""Numbers as people read them: grouped digits, and bytes in the unit that suits their size."""

from __future__ import annotations

THIN_SPACE = "\u202f"  # narrow, and does not break
DECIMAL_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def grouped(number: float) -> str:
    """124439808 → "124,439,808"; a fraction as it is."""
    return f"{number:,}"


def size(number_of_bytes: float) -> str:
    """Bytes in the decimal unit that leaves one to three digits before the point (MB = 10⁶ B)."""
    return _scaled(number_of_bytes, 1000, DECIMAL_UNITS)


def binary_size(number_of_bytes: float) -> str:
    """Bytes in the binary unit that suits them (MiB = 2²⁰ B)."""
    return _scaled(number_of_bytes, 1024, BINARY_UNITS)


def percent(share: float, digits: int = 2) -> str:
    """0.0208 → "2.08 %"; a share too small for the digits keeps two significant ones."""
    value = share * 100
    if value and abs(value) < 10**-digits:
        return f"{value:.2g}{THIN_SPACE}%"
    return f"{value:.{digits}f}{THIN_SPACE}%"


def three_digits(number: float) -> str:
    """A number in three digits, the last zeros included; from 1,000 on rounded to a whole one."""
    places = 3 if number < 0.9995 else 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:,.{places}f}"


def _scaled(number: float, base: int, units: tuple[str, ...]) -> str:
    step = 0
    while abs(number) >= base and step < len(units) - 1:
        number /= base
        step += 1
    if step == 0:
        return f"{number:,.0f}{THIN_SPACE}{units[0]}"
    digits = 2 if abs(number) < 100 else 1
    return f"{number:,.{digits}f}{THIN_SPACE}{units[step]}"
