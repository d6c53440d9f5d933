"""The page on clients that work claims what the reports say, and no more."""

from importlib.metadata import version

import pytest

import compatibility

DATA = {
    "everywhere": [{"what": "Less.", "why": "Reasons."}],
    "clients": [
        {"package": "pytest", "from": "PyPI", "suites": ["test_a", "b, of Node"], "with": ["requests"]},
        {
            "package": "some-jar",
            "from": "Maven",
            "suites": ["c.Test"],
            "differs": [{"what": "One thing.", "why": "Because."}],
        },
    ],
}
PYTHON = '<testsuites><testsuite name="pytest"><testcase classname="test_a" name="test_it_works[a_b]"/>{}</testsuite></testsuites>'
NODE = '<testsuites><testsuite name="b, of Node"><testcase classname="test" name="client_secret_post"/></testsuite></testsuites>'
JAVA = """<testsuite name="c.Test">
  <properties><property name="java.class.path" value="/m2/some-jar-1.2.3.jar:/m2/other-4.jar"/></properties>
  <testcase classname="c.Test" name="it_works_too"/>
</testsuite>"""


@pytest.fixture
def reports(tmp_path):
    (tmp_path / "java").mkdir()
    (tmp_path / "java/TEST-c.Test.xml").write_text(JAVA)
    (tmp_path / "node.xml").write_text(NODE)
    (tmp_path / "python.xml").write_text(PYTHON.format(""))
    return tmp_path


def test_the_page_has_versions_steps_and_differences(reports):
    page = compatibility.page(DATA, compatibility.Reports(reports))
    pytest_version = f"pytest {version('pytest')}"
    steps = f"With requests {version('requests')}.\n\n- it works (a_b)\n- client_secret_post\n"
    assert f"\n## {pytest_version}\n\n{steps}" in page
    differs = "Differences:\n\n- One thing. *Why:* Because.\n\nSteps that passed:\n\n- it works too\n"
    assert f"\n## some-jar 1.2.3\n\n{differs}" in page
    assert "| [some-jar 1.2.3](#some-jar-123) | Maven | 1 | see below |" in page


@pytest.mark.parametrize("problem", ["failure", "error", "skipped"])
def test_a_test_that_did_not_pass_is_named_instead(reports, problem):
    case = f'<testcase classname="test_a" name="test_more"><{problem}/></testcase>'
    (reports / "python.xml").write_text(PYTHON.format(case))
    with pytest.raises(compatibility.Unproven, match=f"{problem}: test_a: test_more"):
        compatibility.page(DATA, compatibility.Reports(reports))


def test_a_suite_that_did_not_run_is_named_instead(reports):
    (reports / "node.xml").unlink()
    with pytest.raises(compatibility.Unproven, match="no test of the suite `b, of Node` ran"):
        compatibility.page(DATA, compatibility.Reports(reports))


def test_a_page_that_is_not_what_ran_is_replaced_and_fails_once(reports, monkeypatch):
    written = reports / "PAGE.md"
    monkeypatch.setattr(compatibility, "PAGE", written)
    monkeypatch.setattr(compatibility, "data", lambda: DATA)
    with pytest.raises(SystemExit, match="commit it"):
        compatibility.main(reports)
    assert "some-jar 1.2.3" in written.read_text()
    compatibility.main(reports)
