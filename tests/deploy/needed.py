"""Parts of the policies that the black-box suite does not need, each with the reason why the policy has it.

A part is a statement, an action, and one of the keys, purposes or roles that the statement lists.
"""

from service import Service
from stack import FUNCTIONS

ALL_KEYS = "ConnectDevices allows it as well, because IAM may compare the keys of a whole transaction"
SCRIPTS = "reads scripts: test_scripts has a tenant with some"
LIMIT = "ends families over an application's limit, which takes more logins than the suite has"
NEW_KEYS = "makes keys in a table without any; here the import of the tenant has made them"
FORMER_MODE = "publishes the signing keys of a stack that was in wrapped mode before"
OTHER_ALGORITHM = "signs for applications with this algorithm; the suite has some at the token endpoint only"
LOGOUT_TOKENS = "signs logout tokens; the tests that receive some start a server of their own"

ALWAYS = {
    "TokenRole ExchangeWhatUsersHold dynamodb:PutItem USER#*": ALL_KEYS,
    "TokenRole ExchangeWhatUsersHold dynamodb:UpdateItem USER#*": ALL_KEYS,
    "TokenRole ExchangeWhatUsersHold dynamodb:ConditionCheckItem USER#*": ALL_KEYS,
    "TokenRole ReadTheTenant dynamodb:Query TENANT": SCRIPTS,
    "AuthorizeRole ReadTheTenant dynamodb:Query TENANT": SCRIPTS,
    "AuthorizeRole LogUsersIn dynamodb:BatchWriteItem USER#*": LIMIT,
    "AuthorizeRole LogUsersIn dynamodb:DeleteItem USER#*": LIMIT,
    "AuthorizeRole LogUsersIn dynamodb:Query USER#*": LIMIT,
    "TokenRole KeepTheKeyring dynamodb:PutItem TENANT": NEW_KEYS,
    "TokenRole TakeLeases dynamodb:PutItem LEASE#*": NEW_KEYS,
    "WrappingKey MakeKeysAndUseThem kms:Encrypt sealing TokenRole": NEW_KEYS,
    "WrappingKey MakeKeysAndUseThem kms:Encrypt signing TokenRole": NEW_KEYS,
}
# By signing mode.
UNNEEDED = {
    "kms": ALWAYS
    | {
        "WrappingKey MakeKeysAndUseThem kms:Decrypt signing TokenRole": FORMER_MODE,
        "WrappingKey OpenWhatSigns kms:Decrypt signing AuthorizeRole": FORMER_MODE,
        "WrappingKey OpenWhatSigns kms:Decrypt signing RevokeRole": FORMER_MODE,
        "PS256Key Sign kms:Sign AuthorizeRole": OTHER_ALGORITHM,
        "ES256Key Sign kms:Sign AuthorizeRole": OTHER_ALGORITHM,
        "RS256Key Sign kms:Sign RevokeRole": LOGOUT_TOKENS,
        "PS256Key Sign kms:Sign RevokeRole": LOGOUT_TOKENS,
        "ES256Key Sign kms:Sign RevokeRole": LOGOUT_TOKENS,
    },
    "wrapped": ALWAYS,
}


def assert_needed(service: Service):
    """Asserts that the functions need every part of their policies, except those above, and that none was missing."""
    decisions = service.decisions
    assert not decisions.refused, decisions.refused
    unneeded = decisions.unneeded(*FUNCTIONS)
    exceptions = UNNEEDED[service.stack.outputs["SigningMode"]].keys()
    assert not unneeded - exceptions, f"not needed: {sorted(unneeded - exceptions)}"
    assert not exceptions - unneeded, f"needed after all: {sorted(exceptions - unneeded)}"
