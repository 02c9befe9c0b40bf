"""The tour of one animal by REST: what is right is answered everywhere, and what is wrong is refused by its field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeAlias
from urllib.parse import quote

import httpx

from tests.zoo import times
from tests.zoo.animal import Animal, Json

Row: TypeAlias = dict[str, Json]


@dataclass
class RestTour:
    """Goes through all that a resource offers, and notes what is not as it has to be."""

    client: httpx.AsyncClient
    animal: Animal
    findings: list[str] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)  # by their addresses

    async def walk(self) -> list[str]:
        await self.create()
        await self.read()
        await self.filter()
        await self.null()
        await self.change()
        await self.refuse()
        await self.many()
        await self.delete()
        return self.findings

    async def create(self) -> None:
        for body, answer in self.bodies():
            made = await self.ask("POST", self.url, 201, body)
            if made is not None and self.expect(made.json(), answer, f"POST {body}"):
                self.rows[made.headers["location"]] = made.json()

    async def read(self) -> None:
        for address, row in self.rows.items():
            found = await self.ask("GET", address, 200)
            if found is not None:
                self.expect(found.json(), row, f"GET {address}")
        rows = list(self.rows.values())
        if self.animal.keys:
            await self.listed("", rows)
        else:
            await self.listed("?ordering=id", sorted(rows, key=itemgetter("id")))

    async def filter(self) -> None:
        if not self.animal.is_compared or self.animal.keys:
            return
        rows = list(self.rows.values())
        await self.listed("?ordering=value", rows)
        await self.listed("?ordering=-value", rows[::-1])
        await self.listed("?ordering=value&limit=1", rows[:1])
        for number, row in enumerate(rows):
            text = quote(in_url(row["value"]), safe="")
            await self.listed(f"?value={text}", [row])
            if "," not in text and "%2C" not in text:
                await self.listed(f"?value__in={text}", [row])
            await self.listed(f"?value__gte={text}&ordering=value", self.not_less(rows, number))
        for wrong in (one for one in self.animal.wrong if self.animal.group == times.GROUP and isinstance(one, str)):
            await self.refused("GET", f"{self.url}?value={quote(wrong, safe='')}", None, "value")

    def not_less(self, rows: list[Row], number: int) -> list[Row]:
        """Return the rows, in the order of the database, whose value is that of one row or greater."""
        declared = self.animal.declared
        if not declared:
            return rows[number:]
        least = declared.index(rows[number]["value"])
        return [row for row in rows if declared.index(row["value"]) >= least]

    async def null(self) -> None:
        if not self.animal.may_be_null:
            return
        made = await self.ask("POST", self.url, 201, {"value": None})
        if made is not None:
            await self.listed("?value__isnull=true", [made.json()])
            await self.listed("?value__isnull=false&ordering=id", list(self.rows.values()))
            await self.ask("DELETE", made.headers["location"], 204)

    async def change(self) -> None:
        address, row = next(iter(self.rows.items()), ("", {}))
        if self.animal.keys and row:
            await self.changed(address, {"value": "other"}, row | {"value": "other"})
            await self.changed(address, {"value": row["value"]}, row)
            return
        for body, answer in self.bodies() if row else ():
            if not self.animal.is_unique:
                await self.changed(address, body, row | answer)

    async def changed(self, address: str, body: Row, row: Row) -> None:
        done = await self.ask("PATCH", address, 200, body)
        if done is not None and self.expect(done.json(), row, f"PATCH {address} {body}"):
            found = await self.ask("GET", address, 200)
            if found is not None:
                self.expect(found.json(), row, f"GET after PATCH {body}")

    async def refuse(self) -> None:
        for wrong in self.animal.wrong:
            await self.refused("POST", self.url, {"value": wrong}, "/value")
            for address in list(self.rows)[: wrong is self.animal.wrong[-1]]:
                await self.refused("PATCH", address, {"value": wrong}, "/value")
        for keys in self.animal.wrong_keys:
            await self.refused("POST", self.url, {"value": "a", **keys}, "/")

    async def refused(self, method: str, address: str, body: Row | None, pointer: str) -> None:
        done = await self.send(method, address, body)
        pointers = [one["pointer"] for one in done.json().get("errors", ())] if done.status_code == 422 else []
        if not any(one.startswith(pointer) for one in pointers):
            self.findings.append(f"{method} {body or address} is answered by {said(done)}, expected 422 with {pointer}")

    async def many(self) -> None:
        """Take away all rows at once, make them at once, and change them at once."""
        if not self.rows:
            return
        ids = "&".join(f"ids={address.rpartition('/')[2]}" for address in self.rows)
        await self.ask("DELETE", f"{self.url}/bulk?{ids}", 204)
        bodies, answers = zip(*self.bodies(), strict=True)
        made = await self.ask("POST", f"{self.url}/bulk", 201, {"items": bodies})
        if made is None:
            return
        rows = made.json()["items"]
        for row, answer in zip(rows, answers, strict=True):
            self.expect(row, answer, "POST bulk")
        names = self.animal.fields_of_key
        items = [
            {name: row[name] for name in names} | {"value": body["value"]}
            for row, body in zip(rows, bodies, strict=True)
        ]
        done = await self.ask("PATCH", f"{self.url}/bulk", 200, {"items": items})
        if done is not None and not self.animal.beside:
            self.findings += [] if done.json()["items"] == rows else [f"PATCH bulk answers {done.text}, not {rows}"]
        for wrong in self.animal.wrong[:1]:
            await self.refused("POST", f"{self.url}/bulk", {"items": [{"value": wrong}]}, "/items/0/value")
        # Keys that clients choose are what they were.
        addresses = self.rows if self.animal.keys else [f"{self.url}/{row['id']}" for row in rows]
        self.rows = dict(zip(addresses, rows, strict=True))

    async def delete(self) -> None:
        for address in self.rows:
            await self.ask("DELETE", address, 204)
            await self.ask("GET", address, 404)
        await self.listed("", [])

    async def listed(self, query: str, rows: list[Row]) -> None:
        found = await self.ask("GET", self.url + query, 200)
        if found is not None and found.json()["items"] != rows:
            self.findings.append(f"GET {query} answers {found.json()['items']}, expected {rows}"[:600])

    def bodies(self) -> list[tuple[Row, Row]]:
        """What is sent for each row, and what is answered of it at least."""
        animal = self.animal
        if animal.keys:
            return [({**keys, "value": "a"}, {**keys, "value": "a"}) for keys in animal.keys]
        beside = [{name: values[at] for name, values in animal.beside.items()} for at in range(len(animal.right))]
        return [
            ({"value": sent}, {"value": answered, **more})
            for sent, answered, more in zip(animal.sent, animal.answered, beside, strict=True)
        ]

    async def ask(self, method: str, address: str, status: int, body: Row | None = None) -> httpx.Response | None:
        done = await self.send(method, address, body)
        if done.status_code == status:
            return done
        self.findings.append(f"{method} {address} {str(body)[:200]} is answered by {said(done)}, expected {status}")
        return None

    async def send(self, method: str, address: str, body: Row | None) -> httpx.Response:
        text = None if body is None else json.dumps(body)  # a lone surrogate too
        return await self.client.request(method, address, content=text, headers={"content-type": "application/json"})

    def expect(self, found: Row, answer: Mapping[str, Json], what: str) -> bool:
        if {name: found.get(name) for name in answer} == answer and not any(
            isinstance(found.get(name), bool) is not isinstance(value, bool) for name, value in answer.items()
        ):
            return True
        self.findings.append(f"{what[:200]} answers {str(found)[:200]}, expected {str(answer)[:200]}")
        return False

    @property
    def url(self) -> str:
        return f"/api/zoo/{self.animal.name.lower()}"


def in_url(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def said(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:200]}"
