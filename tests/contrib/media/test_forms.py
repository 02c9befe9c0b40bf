"""Files are uploaded in forms: looked at first, stored before the row, replaced, taken away, and never lost."""

import csv
import io

from sqlalchemy import delete, func, select

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.sessions.models import Session
from dovetail.files.stored_file import StoredFile
from tests.contrib.admin.entry.test_lost_sessions import log_in
from tests.contrib.media.gallery.models import Picture, Portrait
from tests.contrib.media.images import image

PNG = ("my portrait.png", image(), "image/png")
PDF = ("scan.pdf", b"%PDF-1.7 ...", "application/pdf")


async def only(session) -> Picture:
    found = (await session.scalars(select(Picture).execution_options(populate_existing=True))).one()
    await session.commit()
    return found


def stored(root) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


async def test_a_file_is_stored_kept_replaced_and_taken_away(send, office, session, root):
    assert (await send("/gallery/picture/add/", {"image": PNG, "scan": PDF}, title="One")).status_code == 303
    first = await only(session)
    assert isinstance(first.image, StoredFile)
    assert (first.image.name, first.image.size, first.image.content_type) == (
        "my-portrait.png",
        len(PNG[1]),
        "image/png",
    )
    assert (root / first.image).read_bytes() == PNG[1]
    assert first.scan.name == "scan.pdf"
    assert first.cover is None
    path, kept = f"/gallery/picture/{first.id}/change/", first.image

    form = await office.get(path)
    assert 'enctype="multipart/form-data"' in form.text
    assert (
        f'<a href="/media/{kept}"><img class="file-thumbnail" src="/media/{kept}?thumbnail=small" alt="">' in form.text
    )
    assert "PNG, JPEG, GIF, WEBP, 2 MB at most" in form.text
    version = office_version(form.text)
    assert (await send(path, title="Two", _version=version)).status_code == 303
    assert ((await only(session)).title, (await only(session)).image) == ("Two", kept)

    version = office_version((await office.get(path)).text)
    other = ("other.gif", image("GIF"), "image/gif")
    assert (await send(path, {"image": other}, title="Two", _version=version)).status_code == 303
    replaced = (await only(session)).image
    assert (replaced.name, replaced == kept) == ("other.gif", False)
    assert stored(root) == {"my-portrait.png", "other.gif", "scan.pdf"}  # what was replaced may be brought back

    version = office_version((await office.get(path)).text)
    assert (await send(path, title="Two", image="clear", _version=version)).status_code == 303
    cleared = await only(session)
    assert (cleared.image, cleared.scan is None) == (None, False)


async def test_a_form_that_comes_back_keeps_the_file_that_was_chosen(send, office, session, root):
    refused = await send("/gallery/picture/add/", {"image": PNG}, title="")
    assert refused.status_code == 400
    assert "my-portrait.png was uploaded already. It is saved with this form." in refused.text
    (token,) = read_form(refused.text)["image"][-1:]
    assert token.startswith("uploaded: ")
    for name, title in (("cover", "Another column"), ("image", "Forged")):  # a token is for its own column
        wrong = {name: token if name == "cover" else f"{token}x", "title": title}
        again = await send("/gallery/picture/add/", **wrong)
        assert (again.status_code, "The file was not saved. Choose it again." in again.text) == (400, True)
    assert (await send("/gallery/picture/add/", title="One", image=token)).status_code == 303
    picture = await only(session)
    assert (picture.image.name, (root / picture.image).read_bytes()) == ("my-portrait.png", PNG[1])
    path = f"/gallery/picture/{picture.id}/change/"
    other = {"image": ("other.gif", image("GIF"), "image/gif")}  # a new file takes precedence over an uploaded one
    version = office_version((await office.get(path)).text)
    assert (await send(path, other, title="One", image=token, _version=version)).status_code == 303
    assert (await only(session)).image.name == "other.gif"


async def test_a_form_that_came_after_the_session_says_which_files_to_choose_again(send, office, session):
    await office.token()
    await session.execute(delete(Session))
    await session.commit()
    late = await send("/gallery/picture/add/", {"image": PNG}, title="Typed")
    back = (await log_in(office.client, late.headers["location"])).headers["location"]
    page = await office.client.get(back)
    assert "my portrait.png was not saved. Choose it again." in page.text
    assert 'value="Typed"' in page.text


def office_version(page: str) -> str:
    return page.partition('name="_version" value="')[2].partition('"')[0]


NOT_TAKEN = [
    ("image", ("a.png", b"", "image/png"), "The file is empty."),
    ("image", ("a.png", b"<svg onload=alert(1)>", "image/png"), "This is no image, or a broken one."),
    ("image", ("a.png", image()[:100], "image/png"), "This is no image, or a broken one."),
    ("image", ("a.png", b"x" * 2_097_153, "image/png"), "The file has 2,097,153 bytes; 2,097,152 are taken."),
    ("cover", ("a.jpg", image("JPEG"), "image/jpeg"), "The image is image/jpeg; taken are: image/png."),
    ("scan", ("a.pdf", b"MZ...", "application/pdf"), "The file is called a.pdf and is no application/pdf."),
    ("scan", ("a.exe", b"MZ...", "application/pdf"), "The file is"),
    ("scan", ("a.pdf", b"%PDF-" + b"x" * 1000, "application/pdf"), "The file has 1,005 bytes; 1,000 are taken."),
]


async def test_a_file_that_is_not_taken_is_told_at_its_field_and_nothing_is_saved(send, session, root):
    for name, file, told in NOT_TAKEN:
        answer = await send("/gallery/picture/add/", {name: file}, title="One")
        assert (answer.status_code, told in answer.text) == (400, True), told
        assert await session.scalar(select(func.count()).select_from(Picture)) == 0, told
        await session.commit()
        assert stored(root) == set(), told


async def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(send, monkeypatch, media):
    object.__setattr__(media, "max_pixels", 7199)
    answer = await send("/gallery/picture/add/", {"image": PNG}, title="One")
    assert "The image is too large; it may have 7,199 pixels in all." in answer.text


async def test_a_name_says_what_an_image_is_whatever_it_was_called(send, session):
    assert (
        await send("/gallery/picture/add/", {"image": ("../x.html", image(), "text/html")}, title="One")
    ).status_code == 303
    assert (await only(session)).image.name == "x.html.png"


async def test_where_there_has_to_be_a_file_one_is_asked_for(send, session):
    answer = await send("/gallery/portrait/add/")
    assert (answer.status_code, "Choose a file." in answer.text) == (400, True)
    assert (await send("/gallery/portrait/add/", {"image": PNG})).status_code == 303
    portrait = (await session.scalars(select(Portrait))).one()
    await session.commit()
    page = await send(f"/gallery/portrait/{portrait.id}/change/", image="clear", _version="x")
    assert page.status_code in {400, 409}
    assert 'value="clear"' not in page.text


async def test_what_a_form_shows_and_does_not_write_no_upload_writes(send, office, session):
    assert (await send("/gallery/picture/add/", {"image": PNG, "scan": PDF}, title="One")).status_code == 303
    first = await only(session)
    path = f"/gallery/fixed/{first.id}/change/"
    form = await office.get(path)
    assert "my-portrait.png" in form.text
    assert 'type="file"' not in form.text
    version = office_version(form.text)
    await send(path, {"scan": ("b.pdf", b"%PDF-2", "application/pdf")}, title="Two", _version=version)
    refused = await send(path, {"image": PNG}, title="Two", _version=version)
    assert refused.status_code == 422
    again = await only(session)
    assert (again.image, again.scan) == (first.image, first.scan)


async def test_lists_pages_and_exports_show_files(send, office, session):
    assert (await send("/gallery/picture/add/", {"image": PNG, "scan": PDF}, title="One")).status_code == 303
    one = await only(session)
    listed = (await office.get("/gallery/picture/")).text
    assert (
        f'<img class="file-thumbnail" src="/media/{one.image}?thumbnail=small" alt="my-portrait.png" loading="lazy">'
        in listed
    )
    assert "scan.pdf" in listed
    page = (await office.get(f"/gallery/picture/{one.id}/")).text
    assert f'<a href="/media/{one.scan}">scan.pdf</a> <small class="text-secondary">12 bytes</small>' in page
    rows = list(csv.reader(io.StringIO((await office.get("/gallery/picture/export/csv/")).text)))
    assert rows[1] == ["One", f"http://testserver/media/{one.image}"]
