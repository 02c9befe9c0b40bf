"""Lists: filters, search, order, fields and what they refuse, by both roads."""

import json

import pytest

from tests.once import asks_no_database

PATHS = ("/api/books", "/api/loud_books")  # the compiled road, and that of the ORM


async def titles(client, query, path="/api/books"):
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return "".join(book["title"][0] for book in answer.json()["items"])


QUERIES = [
    ("", "ABCDE"),
    ("title=Apples", "A"),
    ("title=apples", ""),
    ("title__iexact=aPPLES", "A"),
    ("title__in=Apples, Cherries", "AC"),
    ("title__contains=pp", "A"),
    ("title__contains=PP", ""),
    ("title__icontains=AN", "BDE"),
    ("title__icontains=_", "D"),
    ("title__icontains=%25", "B"),
    ("title__contains=%25", "B"),
    ("title__contains=_", "D"),
    ("title__startswith=A", "A"),
    ("title__startswith=a", ""),
    ("title__startswith=%25", ""),
    ("pages=100", "AC"),
    ("pages__lt=300", "AC"),
    ("pages__lte=300", "ACD"),
    ("pages__gt=100", "D"),
    ("pages__gte=100", "ACD"),
    ("pages__range=100,200", "AC"),
    ("pages__isnull=true", "BE"),
    ("pages__isnull=0", "ACD"),
    ("pages__in=300", "D"),
    ("price=1.50", "A"),
    ("price__gt=1.4999", "A"),
    ("weight=2.5", "B"),
    ("weight__range=2.4,2.6", "B"),
    ("printed_on=2020-02-29", "D"),
    ("printed_on__lt=2020-03-01", "D"),
    ("read_at=03:04:05", "E"),
    ("released_at=2026-03-01T12:00:00Z", "E"),
    ("released_at__lte=2026-03-01T14:00:00%2B02:00", "E"),
    ("shelf=cellar", "C"),
    ("shelf__in=cellar,stacks", "ABCDE"),
    ("is_public=false", "E"),
    ("cover__isnull=true", "ABCDE"),
    ("author__name=Grace", "D"),
    ("author__name__icontains=a", "ABCDE"),
    ("author__email=grace@example.org", "D"),
    ("translator__name=Grace", "C"),
    ("translator__name__isnull=false", "C"),
    ("translator__name__isnull=true", "ABDE"),  # none, as in Django
    ("genres__name__isnull=true", "CE"),
    ("genres__name__isnull=false", "ABD"),
    ("reviews__stars__isnull=true", "BCE"),
    ("reviews__reviewer__name__isnull=true", "ABCDE"),  # one review without a reviewer suffices
    ("reviews__reviewer__name__isnull=false", "A"),
    ("genres__name=fruit", "AB"),
    ("genres__name__in=fruit,python", "ABD"),
    ("genres__name=python&title__startswith=D", "D"),
    ("reviews__stars__gte=5", "A"),
    ("reviews__reviewer__name=Grace", "A"),
    ("search=RED", "C"),
    ("search=ell", "B"),
    ("search=grace", "D"),
    ("search=100%25", "B"),
    ("search=", "ABCDE"),
    ("ordering=-title", "EDCBA"),
    ("ordering=-id", "EDCBA"),
    ("ordering=pages,-id", "CADEB"),
    ("ordering=-pages,id", "BEDAC"),
    ("ordering=author__name,-id", "ECBAD"),
    ("ordering=translator__name,id", "CABDE"),
    ("ordering=-translator__name,id", "ABDEC"),
    ("ordering=weight,-printed_on, price,id", "BCEAD"),
    ("limit=2", "AB"),
    ("limit=2&offset=3", "DE"),
    ("offset=100", ""),
]
BAD = [
    ("titel=x", "titel", "title"),
    ("title__regex=x", "title__regex", "title__icontains"),
    ("pages=x", "pages", "integer"),
    ("pages=", "pages", "integer"),
    (f"pages={2**63}", "pages", "less than"),
    ("pages__range=1", "pages__range", "2 items"),
    ("pages__in=1,x", "pages__in", "integer"),
    ("pages__in=" + ",".join(["1"] * 101), "pages__in", "100"),
    ("pages__isnull=perhaps", "pages__isnull", "boolean"),
    ("price=NaN", "price", "finite"),
    ("weight=inf", "weight", "finite"),
    ("released_at=soon", "released_at", "datetime"),
    ("released_at=0001-01-01T00:00:00%2B14:00", "released_at", "years"),
    ("shelf=attic", "shelf", "cellar"),
    ("isbn=1", "isbn", "UUID"),
    ("ordering=text", "ordering", "author__name"),
    ("ordering=", "ordering", "title"),
    ("ordering=--title", "ordering", "title"),
    ("ordering=title,-title", "ordering", "twice"),
    ("limit=0", "limit", "1 to 100"),
    ("limit=101", "limit", "1 to 100"),
    ("limit=ten", "limit", "1 to 100"),
    ("limit=%D9%A3", "limit", "1 to 100"),
    ("offset=-1", "offset", "0 to"),
    (f"offset={2**63}", "offset", "0 to"),
    ("count=maybe", "count", "capped"),
    ("cursor=x", "cursor", "gave out"),
    ("cursor=&offset=3", "offset", "both"),
    ("fields=text", "fields", "author.name"),
    ("fields=", "fields", "author.name"),
    ("expand=author", "expand", "reviews"),
    ("limit=1&limit=2", "limit", "twice"),
    ("search=" + "x" * 201, "search", "200"),
]


@pytest.mark.parametrize("path", PATHS)
async def test_filters_search_order_and_pages(staff, shelf, path):
    found = {}
    for query, _ in QUERIES:
        found[query] = await titles(staff, query if "ordering=" in query else f"{query}&ordering=id", path)
    assert found == dict(QUERIES)


@asks_no_database
@pytest.mark.parametrize("path", PATHS)
async def test_a_bad_parameter_is_refused_by_name_with_what_is_allowed(client, shelf, path):
    for query, parameter, words in BAD:
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 422, f"{query}: {answer.text}"
        details = [error["detail"] for error in answer.json()["errors"] if error["pointer"] == parameter]
        assert len(details) == 1, f"{query}: {answer.text}"
        assert words in details[0], query


@asks_no_database
async def test_all_bad_parameters_are_named_at_once(client, shelf):
    answer = await client.get("/api/books?limit=0&pages=x&colour=red&ordering=text")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"limit", "pages", "colour", "ordering"}


@pytest.mark.parametrize("path", PATHS)
async def test_fields_and_expand_choose_what_is_answered(staff, shelf, path):
    async def first(query):
        answer = await staff.get(f"{path}?ordering=id&limit=1&{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"][0]

    assert await first("fields=id,title") == {"id": shelf[0].id, "title": "Apples"}
    assert await first("fields=author.name,title") == {"title": "Apples", "author": {"name": "Ada"}}
    assert (await first("fields=genres.name"))["genres"] == [{"name": "fruit"}, {"name": "python"}]
    assert set((await first("fields=author"))["author"]) == {"id", "name", "email", "born"}
    assert "reviews" not in await first("")
    expanded = await first("expand=reviews")
    assert [review["stars"] for review in expanded["reviews"]] == [1, 5]
    assert expanded["reviews"][0]["reviewer"]["name"] == "Grace"
    assert expanded["reviews"][1]["reviewer"] is None
    assert await first("expand=reviews&fields=reviews.text") == {
        "reviews": [{"text": "bad"}, {"text": 'So "good"\n\u2028'}]
    }


async def test_both_roads_give_the_same_answers(staff, client, shelf):
    for who in (staff, client):
        for query in ("ordering=id&expand=reviews", "ordering=-price&count=true", "ordering=id&fields=id,genres"):
            compiled = (await who.get(f"/api/books?{query}")).json()
            orm = (await who.get(f"/api/loud_books?{query}")).json()
            for book in orm["items"]:
                book.pop("shout", None)
            assert compiled["items"] == orm["items"]
            assert compiled["total"] == orm["total"]


async def test_the_total_is_counted_when_asked_for_and_as_far_as_asked_for(client, shelf, monkeypatch):
    assert (await client.get("/api/books?limit=1")).json()["total"] is None
    assert (await client.get("/api/books?limit=1&count=true")).json()["total"] == 4
    assert (await client.get("/api/books?limit=1&count=capped&pages=100")).json()["total"] == 2
    assert (await client.get("/api/books?offset=50&count=true")).json()["total"] == 4
    assert (await client.get("/api/books?count=1")).status_code == 422  # as the document says
    monkeypatch.setattr("dovetail.resources.read.page_select.CAP", 2)
    assert (await client.get("/api/books?limit=1&count=capped")).json()["total"] == 3


async def test_a_parameter_that_comes_twice_is_refused_unless_it_takes_several_values(client, shelf):
    answer = await client.get("/api/books?limit=5&limit=6")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["limit"]
    together = (await client.get("/api/books?genres__name__in=fruit,python&ordering=id")).json()["items"]
    apart = (await client.get("/api/books?genres__name__in=fruit&genres__name__in=python&ordering=id")).json()["items"]
    assert apart == together != []


@pytest.mark.parametrize("path", PATHS)
async def test_neighbours_are_in_the_answer_and_in_the_link_header(client, shelf, path):
    answer = await client.get(f"{path}?limit=2&offset=1&ordering=title&pages__isnull=0")
    page = answer.json()
    assert page["next"] is None
    assert page["previous"] == f"http://testserver{path}?limit=2&offset=0&ordering=title&pages__isnull=0"
    assert answer.headers["Link"] == f'<{page["previous"]}>; rel="prev"'
    assert (await client.get(page["previous"])).json()["next"].endswith("offset=2&ordering=title&pages__isnull=0")


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_costs_the_same_number_of_statements_whatever_its_size(
    client, make_book, author, count_statements, path
):
    for number in range(30):
        await make_book(title=f"{number}")
    costs = []
    for limit in (1, 30):
        with count_statements() as statements:
            page = (await client.get(f"{path}?limit={limit}&expand=reviews")).json()
        assert len(page["items"]) == limit
        costs.append(len(statements))
    assert costs == ([1, 1] if path == "/api/books" else [3, 3])


async def test_a_list_of_another_resource_has_the_whole_machinery(client, shelf, count_statements):
    assert await titles(client, "ordering=-id", "/api/genres/python/books") == "DA"
    assert await titles(client, "title__startswith=A&count=true", "/api/genres/python/books") == "A"
    assert (await client.get("/api/genres/nothing/books")).status_code == 404
    assert (await client.get("/api/genres/python/books?titel=x")).status_code == 422
    with count_statements() as statements:
        await client.get("/api/genres/python/books")
    assert len(statements) == 2


async def test_full_text_finds_words_in_any_form_and_puts_the_best_first(client, make_book):
    await make_book(title="On running", text="He runs and runs, and running he ran.")
    await make_book(title="A walk", text="Once she runs, mostly she walks, at dawn and at dusk, whatever the weather.")
    await make_book(title="Nothing", text="at all")
    assert await titles(client, "search=runs", "/api/found_books") == "OA"
    assert await titles(client, "search=running%20runs", "/api/found_books") == "OA"
    assert await titles(client, "search=runs&ordering=rank", "/api/found_books") == "AO"
    assert await titles(client, "search=runs%20nothing", "/api/found_books") == ""
    walk = (await client.get("/api/found_books?search=runs&cursor=&limit=1")).json()
    following = (await client.get(walk["next"])).json()
    assert [item["title"][0] for item in walk["items"] + following["items"]] == ["O", "A"]
    assert following["next"] is None
    for text in ("'", "\\", "&|!", "a:*", "((", '"', "-- ;", "%"):
        assert (await client.get("/api/found_books", params={"search": text})).status_code == 200


@asks_no_database
async def test_every_parameter_is_documented_with_type_and_description(app):
    operation = app.openapi()["paths"]["/api/books"]["get"]
    documented = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert operation["operationId"] == "list_books"
    for name in (
        "pages__range",
        "genres__name__in",
        "search",
        "ordering",
        "fields",
        "expand",
        "limit",
        "cursor",
        "count",
    ):
        assert documented[name]["description"]
        assert documented[name]["schema"].get("type") or documented[name]["schema"]["$ref"]
    assert documented["shelf"]["schema"] == {"$ref": "#/components/schemas/Shelf"}
    assert app.openapi()["components"]["schemas"]["Shelf"]["enum"] == ["stacks", "cellar"]
    assert documented["released_at__gte"]["schema"]["format"] == "date-time"
    assert documented["pages__isnull"]["schema"]["type"] == "boolean"
    assert "genre" in json.dumps(app.openapi()["paths"]["/api/genres/{name}/books"])
