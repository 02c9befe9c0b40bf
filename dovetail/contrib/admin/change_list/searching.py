"""Search rows as the list of a view does, with care for words that very many rows contain."""

from starlette.requests import Request

from dovetail.contrib.admin.change_list.narrowed import NarrowedView
from dovetail.contrib.admin.lists.search import frequent_words
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect


async def keep_found(view: NarrowedView, request: Request, statement: AnySelect, term: str) -> AnySelect:
    """Return the rows that match a search; frequent words are determined once per request."""
    context = request_context()
    full_text, _ = view.searched(request)
    if full_text is not None and (view.model, term) not in context.searches:
        context.searches.add((view.model, term))
        context.frequent_words.update(await frequent_words(context.session, view.model, full_text, term))
    return await view.get_search_results(request, statement, term)
