"""The numbers that a run's files may hold: what no job can have measured is not read.

Losses, norms and rates may be anything, also not a number: a training that diverges has such.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

MOST = 10**15  # steps, tokens or bytes: a petabyte
YEAR_9999 = 253_402_300_799.0  # seconds since 1970; no calendar goes further

Count = Annotated[int, Field(ge=0, le=MOST)]
PositiveCount = Annotated[int, Field(ge=1, le=MOST)]
# below zero where a clock was set back
Seconds = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Moment = Annotated[float, Field(ge=0, le=YEAR_9999, allow_inf_nan=False)]
