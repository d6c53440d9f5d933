"""The questions that a request to DynamoDB or KMS puts to IAM: actions, resources, and the values of condition keys.

    questions("DynamoDB_20120810.GetItem", body, region="eu-west-1", account="123456789012", caller="arn:aws:iam::…")

A transaction is one question for each of its parts, by the action of that part. AWS does not document whether
`dynamodb:LeadingKeys` and `dynamodb:Attributes` then have the values of that part or those of all of them, so that each
part is asked twice, once under either reading, and a transaction needs both answers.

A request with a parameter that could hide an attribute or a key raises `Unsupported`.
"""

import base64
import re
from collections.abc import Iterator
from functools import lru_cache

from moto.kms.utils import KEY_ID_LEN

from policies import ENCRYPTION_CONTEXT, Question, Unsupported

# The table's partition key is the same in every stack.
PARTITION_KEY = "PK"
EXPRESSIONS = (
    "ProjectionExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ConditionExpression",
    "UpdateExpression",
)
# Parameters from before expressions, which name attributes in another way.
LEGACY = {
    "AttributesToGet",
    "AttributeUpdates",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
}
# The action that each part of a transaction needs.
PARTS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
TOKEN = re.compile(r"[#:]?\w+|[^\s\w]")
KEYWORDS = {"set", "remove", "add", "delete", "and", "or", "not", "between", "in"}


def questions(target: str, body: dict, *, region: str, account: str, caller: str) -> list[Question]:
    """All of them have to be answered by yes. The caller is the ARN of a role."""
    service, _, operation = target.partition(".")
    if service == "TrentService":
        return [of_kms(operation, body, region, account, caller)]
    if service == "DynamoDB_20120810":
        return list(of_dynamodb(operation, body, f"arn:aws:dynamodb:{region}:{account}:table"))
    raise Unsupported(f"the service of {target}")


def of_dynamodb(operation: str, body: dict, tables: str) -> Iterator[Question]:
    match operation:
        case "BatchGetItem" | "BatchWriteItem":
            for name, asked in body["RequestItems"].items():
                yield batch(operation, f"{tables}/{name}", asked)
        case "TransactGetItems" | "TransactWriteItems":
            yield from transaction(operation, body["TransactItems"], tables)
        case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan":
            context = item_context(operation, body)
            index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
            yield asked_of(operation, f"{tables}/{body['TableName']}{index}", context)
        case _:
            raise Unsupported(f"the operation {operation}")


def asked_of(operation: str, resource: str, context: dict) -> Question:
    return Question(f"dynamodb:{operation}", resource, context)


def batch(operation: str, table: str, asked) -> Question:
    """One decision for each table, on the keys of all of its items."""
    if operation == "BatchGetItem":
        contexts = [item_context("GetItem", asked | {"Key": key}) for key in asked["Keys"]]
    else:
        requests = [request for one in asked for request in one.items()]
        operations = {"PutRequest": "PutItem", "DeleteRequest": "DeleteItem"}
        contexts = [item_context(operations[kind], request) for kind, request in requests]
        for context in contexts:
            del context["dynamodb:ReturnValues"]
    return asked_of(operation, table, merged(contexts))


def transaction(operation: str, items: list[dict], tables: str) -> Iterator[Question]:
    asked = []
    for item in items:
        ((kind, part),) = item.items()
        context = item_context(PARTS[kind], part)
        if kind != "ConditionCheck":
            context["dynamodb:EnclosingOperation"] = (operation,)
        asked.append((PARTS[kind], f"{tables}/{part['TableName']}", context))
    seen = merged([context for _, _, context in asked])
    whole = {key: seen[key] for key in ("dynamodb:LeadingKeys", "dynamodb:Attributes")}
    for action, table, context in asked:
        yield asked_of(action, table, context)
        yield asked_of(action, table, context | whole)


def merged(contexts: list[dict]) -> dict[str, tuple[str, ...]]:
    return {
        key: tuple(sorted({value for context in contexts for value in context.get(key, ())}))
        for key in {key for context in contexts for key in context}
    }


def item_context(operation: str, body: dict) -> dict[str, tuple[str, ...]]:
    """The values of DynamoDB's condition keys."""
    if legacy := LEGACY & body.keys():
        raise Unsupported(f"{operation} with {sorted(legacy)}")
    item = body.get("Item") or body.get("Key") or {}
    texts = [body[name] for name in EXPRESSIONS if name in body]
    names = body.get("ExpressionAttributeNames", {})
    context = {
        "dynamodb:Attributes": tuple(sorted(item.keys() | attributes(texts, names))),
        "dynamodb:LeadingKeys": leading_keys(operation, body, item),
    }
    if operation in ("GetItem", "Query", "Scan"):
        some = "ProjectionExpression" in body
        default = "SPECIFIC_ATTRIBUTES" if some else "ALL_ATTRIBUTES"
        context["dynamodb:Select"] = (body.get("Select", default),)
    else:
        kept = body.get("ReturnValuesOnConditionCheckFailure")
        context["dynamodb:ReturnValues"] = (body.get("ReturnValues", kept or "NONE"),)
    return context


def leading_keys(operation: str, body: dict, item: dict) -> tuple[str, ...]:
    """The partition keys that the request names; a scan names none."""
    if operation == "Scan":
        return ()
    if operation != "Query":
        return (item[PARTITION_KEY]["S"],)
    names = body.get("ExpressionAttributeNames", {})
    tokens = [names.get(token, token) for token in TOKEN.findall(body["KeyConditionExpression"])]
    for name, operator, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (name, operator) == (PARTITION_KEY, "="):
            return (body["ExpressionAttributeValues"][value]["S"],)
    raise Unsupported(f"a key condition without the partition: {body['KeyConditionExpression']}")


def attributes(expressions: list[str], names: dict[str, str]) -> set[str]:
    """The attributes of the item that expressions name; of a path its first part."""
    return {names.get(name, name) for text in expressions for name in named(text)}


@lru_cache(maxsize=None)
def named(expression: str) -> frozenset[str]:
    tokens = ["", *TOKEN.findall(expression), ""]
    return frozenset(
        token
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if (token.startswith("#") or token[:1].isalpha() or token[:1] == "_")
        # A part of a path, a function, and a word of the language.
        and before != "."
        and after != "("
        and token.lower() not in KEYWORDS
    )


def of_kms(operation: str, body: dict, region: str, account: str, caller: str) -> Question:
    context = {"aws:PrincipalArn": (caller,), "kms:CallerAccount": (account,)}
    match operation:
        case "Encrypt" | "Decrypt":
            algorithm = body.get("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
            context["kms:EncryptionAlgorithm"] = (algorithm,)
            pairs = body.get("EncryptionContext", {})
            context["kms:EncryptionContextKeys"] = tuple(sorted(pairs))
            context |= {ENCRYPTION_CONTEXT + key: (value,) for key, value in pairs.items()}
        case "Sign":
            context["kms:MessageType"] = (body.get("MessageType", "RAW"),)
            context["kms:SigningAlgorithm"] = (body["SigningAlgorithm"],)
        case "GetPublicKey":
            """KMS has no further keys for it."""
        case _:
            raise Unsupported(f"the operation {operation}")
    key = body.get("KeyId") or key_of(body["CiphertextBlob"])
    arn = key if key.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{key}"
    if not re.search(r":key/[\w-]+$", arn):
        raise Unsupported(f"the name of a key: {key}")
    return Question(f"kms:{operation}", arn, context)


def key_of(ciphertext: str) -> str:
    """The key that a ciphertext of moto names, for a request that names none."""
    return base64.b64decode(ciphertext)[:KEY_ID_LEN].decode()
