"""What accounts cost is counted: a token that came before is no statement more, whatever policy and groups."""

from benchmarks.accounts.tokens import measure_reads


async def test_a_token_is_no_statement_more_with_a_policy_and_three_groups(app, database_kind):
    costs = await measure_reads(database_kind, app, times=1)
    assert [cost.statements for cost in costs] == [(1, 1), (1, 1)]
