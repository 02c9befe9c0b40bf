"""Render a QR code as inline SVG, so that nothing is fetched and a strict Content-Security-Policy allows it."""


def qr_code(text: str) -> str:
    """Return an `<svg>` element."""
    import segno  # here, since only the enrolment of an app needs it

    code: str = segno.make(text, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000", svgclass="qr-code")
    return code
