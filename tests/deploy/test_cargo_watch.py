"""The life of a refresh token behind `cargo lambda watch`, with which developers run the functions."""

import cargo_watch
import suite


def test_a_refresh_token_lives_behind_cargo_lambda_watch(aws, local):
    with cargo_watch.front(aws, local.dynamodb, SigningMode="wrapped") as issuer:
        outcome = suite.run(issuer, *suite.LIFE)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.ran >= suite.LIFE
