"""The text of infra/docs/COSTS.md. As a program this module writes the page:

    python costs_page.py
"""

from costs import (
    FRONTS,
    GB,
    MILLION,
    PAGE,
    SIGNINGS,
    bars,
    default,
    inputs,
    log_bytes,
    million,
    month,
    price,
    refreshes,
    standing,
    traces,
)

INTRODUCTION = """\
# What it costs

`tests/deploy/costs_page.py` computes this page from the list prices of {region} in `tests/deploy/costs.json`, recorded on
{recorded}, and from the units and bytes of a refresh, which `tests/deploy/test_costs.py` measures. It counts no free tier, no tax
and no discount. Prices change: compare the price pages at the end before a decision rests on them. Parameters of the stack have
their defaults, except `SigningMode` and `SignWithES256`. The template creates an HTTP API, and `infra/alb.yaml`
a load balancer; a function URL before the functions is the operator's own.

`tests/aws` measures the billed time and the bytes of a handshake in an account of your own, in place of the assumed ones.

A refresh here is a rotating one with an access token and an ID token, in a warm environment."""

NOT_COUNTED = """\
## Not counted

- Handshakes of TLS. Each sends about {handshake} bytes of certificates, which would add ${handshake_price} a million if AWS billed
  them as data out and every refresh made a new connection. The price pages do not say.
- Longer names than the tests' tenant has, further claims, and addresses of IPv6: 100 bytes more in the log and 100 in the
  answer add ${longer} a million.
- Cold starts, and the configuration that each environment reads again about once a minute: 2.5 read units.
- Logins, scripts and rejected requests: a login with a password takes far more Lambda time than a refresh.
- WAF, CloudFront, AWS Backup, access logs and environments that are kept running, which are options."""


def table(head: list[str], rows: list[list[str]], numbers_from: int = 1) -> list[str]:
    rule = ["---" if at < numbers_from else "---:" for at in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def page() -> str:
    lines = [INTRODUCTION.format(**inputs()["prices"]), *per_million(), *dearest(), *by_bars(), *per_month()]
    lines += [*by_standing(), *options(), *from_where(), *not_counted(), *price_pages()]
    return "\n".join(lines) + "\n"


def per_million() -> list[str]:
    columns = [refreshes(signing, "HTTP API", MILLION) for signing in SIGNINGS]
    rows = [[line, *(dollars(column[line]) for column in columns)] for line in columns[0]]
    rows.append(["**sum**", *(f"**{dollars(sum(column.values()))}**" for column in columns)])
    head = ["dollars for a million refreshes, HTTP API", *(f"`{signing.name}`" for signing in SIGNINGS)]
    sums = [
        [front, *(dollars(million(signing, front)) for signing in SIGNINGS)] for front in FRONTS
    ]
    fronts = ["sum by front", *(f"`{signing.name}`" for signing in SIGNINGS)]
    return ["", "## A million refreshes", "", *table(head, rows), "", *table(fronts, sums)]


def dearest() -> list[str]:
    rows = []
    for signing in SIGNINGS:
        for front in FRONTS:
            lines = refreshes(signing, front, MILLION)
            line = max(lines, key=lines.get)
            rows.append([f"`{signing.name}`", front, line, f"{lines[line] / sum(lines.values()):.0%}"])
    return ["", "The dearest line of each:", "", *table(["signing", "front", "line", "of the sum"], rows, 3)]


def by_bars() -> list[str]:
    rows = [
        [
            f"`{bar['signing']}`, {bar['front']}",
            dollars(bar["dollars"]),
            dollars(cost),
            "kept" if cost <= bar["dollars"] else "**missed**",
        ]
        for bar, cost in bars()
    ]
    return ["", "A test fails if a million refreshes cost more than this:", "", *table(["stack", "at most", "now", ""], rows)]


def per_month() -> list[str]:
    days = inputs()["assumed"]["days_a_month"]
    head = [f"dollars a month, {inputs()['users']:,} users", "front", *(f"`{signing.name}`" for signing in SIGNINGS)]
    rows = []
    for a_day in inputs()["refreshes_a_day"]:
        number = inputs()["users"] * a_day * days / MILLION
        for front in FRONTS:
            costs = (dollars(month(signing, front, a_day)) for signing in SIGNINGS)
            rows.append([f"{a_day} a day: {number:,.0f} M refreshes", front, *costs])
    kept = default("LogRetentionDays")
    text = f"These include the fixed costs, and the logs of {kept} days (`LogRetentionDays`) at rest."
    return ["", "## A month", "", text, "", *table(head, rows, 2)]


def by_standing() -> list[str]:
    rows = []
    for signing in SIGNINGS:
        lines = standing(signing, "ALB")
        front = lines.pop("ALB and its addresses")
        rows.append([f"`{signing.name}`", *(dollars(cost) for cost in lines.values()), dollars(front)])
    head = ["dollars a month without a request", *lines, "an ALB besides"]
    return ["", "## Fixed costs", "", *table(head, rows)]


def options() -> list[str]:
    system = default("SystemLogLevel")
    quiet, verbose = (price("lambda_log_gb", MILLION * log_bytes(level) / GB) for level in (system, "INFO"))
    rows = [
        ["`SystemLogLevel=INFO`", f"{log_bytes('INFO') - log_bytes(system)} bytes of log more", dollars(verbose - quiet)],
        ["`Tracing=Active`", f"{inputs()['assumed']['traced_share']:.0%} of the requests", dollars(traces(MILLION))],
    ]
    head = ["parameter", "adds", "dollars for a million refreshes"]
    return ["", "## Parameters that add costs", "", *table(head, rows, 2)]


def from_where() -> list[str]:
    measured, assumed = inputs()["measured"], inputs()["assumed"]
    unit = assumed["capacity_unit"]
    rows = [
        ["DynamoDB read and write units", f"{measured['read_units']} and {measured['write_units']}", "measured"],
        ["signatures in KMS", f"{measured['signatures']['kms']}; none in `wrapped` mode", "measured"],
        ["the function's lines in the log", f"{measured['log_events']}, {measured['log_bytes']} bytes", "measured"],
        ["answer, with its headers", f"{measured['answer_bytes']:,} bytes", "measured"],
        ["request, with its headers", f"{measured['request_bytes']:,} bytes", "measured, with the tests' client"],
        ["headers that the front and HTTPS add", f"{assumed['front_bytes']} bytes", "assumed"],
        ["CloudWatch's addition to each line", f"{assumed['log_event_overhead']} bytes", "documented"],
        [
            "billed time",
            f"{assumed['milliseconds']['wrapped']} ms in `wrapped` mode, {assumed['milliseconds']['kms']} ms in `kms` mode",
            "**assumed**; `tests/aws` measures it in an account",
        ],
        ["memory, processor", f"{default('MemorySize')} MB, {default('Architecture')}", "defaults of the template"],
        [
            "one capacity unit of an ALB",
            f"{unit['new_connections_a_second']} new connections a second, "
            f"or {unit['gb_an_hour_to_lambda']} GB an hour to and from Lambda",
            "documented; a new connection for each refresh is assumed",
        ],
        ["zones of an ALB, with a public address each", f"{assumed['load_balancer_zones']}", "assumed"],
        ["a family in the table, one for each user", f"{assumed['family_bytes']:,} bytes", "assumed; tests keep it below"],
        ["logs at rest", f"{assumed['compressed_log']:.0%} of what was ingested", "assumed"],
    ]
    return ["", "## Sources of the figures", "", *table(["figure", "value", "source"], rows, 3)]


def not_counted() -> list[str]:
    handshake = inputs()["assumed"]["handshake_bytes"]
    added = dollars(price("out_gb", MILLION * handshake / GB))
    longer = dollars(price("lambda_log_gb", 100 * MILLION / GB) + price("out_gb", 100 * MILLION / GB))
    return ["", NOT_COUNTED.format(handshake=f"{handshake:,}", handshake_price=added, longer=longer)]


def price_pages() -> list[str]:
    pages = sorted(set(inputs()["prices"]["pages"].values()))
    return ["", "## Price pages", "", *(f"- <{address}>" for address in pages)]


def main():
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
