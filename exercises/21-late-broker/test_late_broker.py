"""Step 21: TODO what a project does when this step is done."""

from atelier.checks import _, criterion, expect


@criterion(_("TODO what works then"), file="todo.py")
def test_todo(project):
    expect(
        "TODO" not in project.text("todo.py"),
        _("Expected: TODO a fact."),
        seen=_("TODO a measurement."),
        look=_("TODO one question?"),
    )
