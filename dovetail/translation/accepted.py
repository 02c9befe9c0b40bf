"""Choose a language by the `Accept-Language` header (RFC 9110, section 12.5.4)."""

from dovetail.translation.catalogs import Language, Languages

LONGEST = 500  # characters of the header that are read; browsers send fewer than a hundred
MAX_RANGES = 20


def accepted_language(header: str, languages: Languages) -> Language | None:
    """Return the site's language with the highest quality in `Accept-Language`; None if the site has none of them."""
    ranges = [_read(part) for part in header[:LONGEST].split(",")[:MAX_RANGES]]
    # The sort is stable, so of two languages with the same quality the first one in the header is tried first.
    for tag, quality in sorted(ranges, key=lambda one: -one[1]):
        if quality <= 0:
            break
        found = languages.default if tag == "*" else languages.find(tag)
        if found is not None:
            return found
    return None


def _read(part: str) -> tuple[str, float]:
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    if not parameter.strip():
        return tag.strip(), 1.0
    try:
        quality = float(value) if name.strip() == "q" else 0.0
    except ValueError:
        quality = 0.0
    return tag.strip(), quality if quality <= 1 else 0.0
