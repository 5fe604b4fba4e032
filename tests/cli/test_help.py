"""Help: verbs in the order of work, one sentence each; every example does what it shows; what the Tab key completes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from geoharm.cli.app import app
from geoharm.cli.completion import format_names, profile_names, tactic_names
from geoharm.cli.exit_codes import EXIT_CODES
from geoharm.cli.help_pages import HEADINGS, first_sentence
from geoharm.ingest.formats.input_format import shipped_formats
from geoharm.model.tactics import TACTICS
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, SHIPPED_RATES
from tests.cli.examples import examples, verbs
from tests.conftest import main, small_study

VERBS = verbs()
EXAMPLES = examples()
# They print a file that a user keeps, or a schema, which is JSON: there is no result to print in another way.
PRINT_A_FILE = {"formats show", "values show", "schema"}
WIDTH = 80


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Return a function that runs the program in this process and returns its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["geoharm", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


# -- the pages of help ---------------------------------------------------------------------------------------------------


def test_the_verbs_stand_under_headings_in_the_order_of_work(run):
    code, page, _ = run("--help")
    assert code == 0
    headings = [line.rstrip(":") for line in page.splitlines() if re.fullmatch(r"[A-Z][^:]*:", line)]
    assert headings == ["Options", *HEADINGS, "Exit codes"]
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", page, re.MULTILINE)
    assert sorted(listed) == sorted({name.split()[0] for name in VERBS})
    assert listed.index("check") < listed.index("ingest") < listed.index("run") < listed.index("index")
    for code, meaning in EXIT_CODES:
        assert f"  {code} " in page
        assert meaning in page


@pytest.mark.parametrize("group", ["", "formats", "plan", "values"])
def test_each_verb_has_one_whole_sentence_on_one_line(run, group):
    page = run(*group.split(), "--help")[1]
    rows = re.findall(r"^  ([a-z]+) +([A-Z].*)$", page.split("Options:")[1], re.MULTILINE)
    assert len(rows) >= 2
    for name, sentence in rows:
        assert re.fullmatch(r"[A-Z][^.]*\.", sentence), (name, sentence)
    assert max(map(len, page.splitlines())) <= WIDTH


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_a_verb_begins_with_its_sentence_and_ends_with_its_example(run, name):
    _, page, _ = run(*name.split(), "--help")
    assert first_sentence(VERBS[name].help) in " ".join(page.split())
    assert f"Example: geoharm {name} " in f"{' '.join(page.split())} ".replace("\\ ", "")
    assert max(map(len, page.splitlines())) <= WIDTH
    assert not page[page.index("Example:") :].rstrip().endswith(".")


def test_whatever_prints_results_prints_them_as_json_too():
    without = {name for name, command in VERBS.items() if not any("--json" in one.opts for one in command.params)}
    assert without == PRINT_A_FILE


def test_the_readme_names_the_exit_codes(root):
    readme = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    told = readme[readme.index("Exit codes:") :][:500]
    for code in re.findall(r"\d+", " ".join(code for code, _ in EXIT_CODES)):
        assert re.search(rf"\b{code}\b", told)


# -- examples ------------------------------------------------------------------------------------------------------------


def test_every_verb_has_an_example_of_itself():
    for name, words in EXAMPLES.items():
        assert words[: len(name.split()) + 1] == ["geoharm", *name.split()], f"geoharm {name} has no example"


@pytest.fixture
def city(demo_run, tmp_path):
    """Fill a folder of its own with what an example may find: the sample, the studies, a run of the demo, a workbook."""
    import xlsxwriter  # noqa: PLC0415

    shutil.copytree(demo_run, tmp_path, dirs_exist_ok=True)
    with xlsxwriter.Workbook(tmp_path / "chi.xlsx") as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([("Offence", "Days"), ("Robbery", 365), ("Theft", 2)]):
            sheet.write_row(row, 0, cells)
    return tmp_path


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "run"])
def test_an_example_does_what_it_shows(run, city, name):
    """That of `run` is run by the fixture `demo_run`."""
    words = EXAMPLES[name]
    into = words[words.index(">") + 1] if ">" in words else ""
    code, out, err = run(*words[1 : words.index(">") if into else None])
    assert code == 0, err
    assert out.strip()
    if into:
        (city / into).write_text(out, encoding="utf-8")
    if "--json" in words:
        assert json.loads(out)
    for path in re.findall(r"^wrote (.+?)(?: \(|;| with |$)", out, re.MULTILINE):
        assert (city / path).exists()


def test_the_example_of_run_is_that_of_the_readme(root, pages):
    assert "geoharm run pipelines" in (root / "README.md").read_text(encoding="utf-8").replace("\\", "/")
    assert (pages / "report.html").is_file()


def commands_of_documents(root):
    """Yield each command line of the README and the documents, with where it stands."""
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        # Blocks between fences are every second part; in the others, a span of code does not cross a paragraph.
        parts = re.split(r"^```", text, flags=re.MULTILINE)
        blocks = [block for block in parts[1::2] if block.split("\n", 1)[0] in {"", "sh", "bat", "text", "console"}]
        lines = [line for block in blocks for line in block.splitlines()[1:]]
        for paragraph in re.split(r"\n\s*\n|^\||^- ", "\n\n".join(parts[0::2]), flags=re.MULTILINE):
            lines += paragraph.split("`")[1::2]
        for line in lines:
            found = re.match(r"(?:\.venv\\Scripts\\)?geoharm ([^#>]+)", " ".join(line.split()))
            if found:
                yield path.name, shlex.split(found[1].replace("\\", "/"))


def test_documents_show_verbs_and_options_that_there_are(root):
    told = list(commands_of_documents(root))
    assert len(told) > 30
    for page, words in told:
        if words[0].startswith("-") or words[0] in {"VERB", "..."}:
            continue
        name = " ".join(words[:2]) if " ".join(words[:2]) in VERBS else words[0]
        groups = {verb.split()[0] for verb in VERBS}
        assert name in VERBS or name in groups, (page, words)
        known = {option for one in VERBS[name].params for option in one.opts} | {"--help"} if name in VERBS else set()
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        assert given <= known, (page, words)


# -- completion ----------------------------------------------------------------------------------------------------------


def completed(text, folder, shell="bash"):
    """Return what a shell is told to offer for a command line, as its completion script asks."""
    words = text.split(" ")
    asked = {
        "bash": {"COMP_WORDS": text, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": text},
        "fish": {"_TYPER_COMPLETE_ARGS": text, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        "powershell": {"_TYPER_COMPLETE_ARGS": text, "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1]},
    }[shell]
    program = "from geoharm.cli.start import main\nimport sys\nsys.argv = ['geoharm']\nmain()\n"
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8",
        env=os.environ | {"_GEOHARM_COMPLETE": f"complete_{shell}", **asked},
    )  # fmt: skip
    assert finished.stderr == ""
    return finished.stdout


def test_completion_of_verbs_studies_formats_profiles_and_tactics(tmp_path):
    (tmp_path / "pipelines").mkdir()
    small_study(tmp_path / "pipelines")
    (tmp_path / "pipelines" / "own-format.toml").write_text('title = "no study"\n', encoding="utf-8")
    assert completed("geoharm pr", tmp_path).split() == ["prioritise"]
    assert completed("geoharm run ", tmp_path).split() == ["pipelines/study.toml"]
    assert completed("geoharm run pipelines/s", tmp_path).split() == ["pipelines/study.toml"]
    assert completed("geoharm formats show police-uk-st", tmp_path).split() == [
        "police-uk-stop-and-search",
        "police-uk-street",
    ]
    assert completed("geoharm values show public", tmp_path).split() == ["public-health-first"]
    assert completed("geoharm simulate --tactic crack", tmp_path).split() == ["crackdown"]
    # Nothing known begins so: the shell completes file names itself.
    assert completed("geoharm run nowhere/", tmp_path).split() == []


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_every_shell_is_answered_in_its_own_way(shell, tmp_path):
    assert "prioritise" in completed("geoharm pri", tmp_path, shell)


def test_what_is_completed_is_what_there_is():
    assert format_names("") == sorted(shipped_formats())
    assert set(profile_names("")) == {*SHIPPED_PROFILES, SHIPPED_RATES}
    assert tactic_names("") == list(TACTICS)


@pytest.mark.parametrize("shell", ["bash", "powershell"])
def test_the_script_for_a_shell_can_be_shown(shell):
    finished = subprocess.run(
        [sys.executable, "-c", "from geoharm.cli.start import main\nimport sys\nsys.argv=['geoharm', '--show-completion', sys.argv[1]]\nmain()\n", shell],
        capture_output=True, text=True, check=False, env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "_GEOHARM_COMPLETE" in finished.stdout


def test_the_app_offers_to_install_completion():
    assert app._add_completion
