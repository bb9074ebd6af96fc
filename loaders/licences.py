"""Which licences are open: what ``--licence open`` lets through.

Open here means that the evidence may be passed on, changed and sold, with attribution at most:
public domain and attribution licences. Share-alike, non-commercial and no-derivatives licences
are not, nor is a source that states none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPEN = re.compile(
    r"CC0-1\.0|CC-BY-[1-4]\.[05]|PDDL-1\.0|ODC-By-1\.0|CC-PDDC|Unlicense|0BSD|MIT|Apache-2\.0"
    r"|BSD-[23]-Clause|LicenseRef-PublicDomain"
)
_CREATIVE_COMMONS = re.compile(r"CC[ -](BY(?:-NC)?(?:-SA|-ND)?)[ -]?(\d\.\d)", re.IGNORECASE)


def is_open(licence: str) -> bool:
    """Whether an SPDX expression is open as a whole.

    >>> is_open("CC-BY-4.0"), is_open("CC-BY-NC-SA-4.0"), is_open("NOASSERTION")
    (True, False, False)
    >>> is_open("CC0-1.0 AND CC-BY-3.0"), is_open("MIT OR CC-BY-NC-4.0")
    (True, True)
    """
    return any(
        all(_OPEN.fullmatch(part.strip(" ()")) for part in choice.split(" AND "))
        for choice in licence.split(" OR ")
    )


def open_licences(licences: Iterable[str]) -> frozenset[str]:
    """Those of the licences that are open."""
    return frozenset(licence for licence in licences if is_open(licence))


def spdx(text: str) -> str:
    """The SPDX identifier of a licence as data sets write it; ``NOASSERTION`` for none.

    >>> spdx("CC BY-NC-SA 4.0"), spdx("CC0 1.0"), spdx("ODbL 1.0"), spdx("")
    ('CC-BY-NC-SA-4.0', 'CC0-1.0', 'ODbL-1.0', 'NOASSERTION')
    >>> spdx("custom licence")
    'LicenseRef-custom-licence'
    """
    text = text.strip()
    if not text:
        return "NOASSERTION"
    found = _CREATIVE_COMMONS.fullmatch(text)
    if found:
        return f"CC-{found.group(1).upper()}-{found.group(2)}"
    joined = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
    if re.fullmatch(r"CC0-1\.0|ODbL-1\.0|PDDL-1\.0|MIT|Apache-2\.0|CC-BY[-A-Z]*-\d\.\d", joined):
        return joined
    return f"LicenseRef-{joined}" if joined else "NOASSERTION"
