"""`dovetail`, or `python -m dovetail`: what one needs before there is a site. A site has its own `manage.py`."""

import click

from dovetail import __version__


@click.group()
@click.version_option(__version__, prog_name="dovetail")
def main() -> None:
    """Start a site on Dovetail; its `manage.py` does everything else."""


if __name__ == "__main__":
    main(prog_name="dovetail")
