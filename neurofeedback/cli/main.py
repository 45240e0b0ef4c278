"""The command line: register the commands, set up logging, and turn errors into one message and an exit code."""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from neurofeedback._version import __version__
from neurofeedback.cli.commands import (
    ask,
    check,
    compare,
    course,
    decoder,
    devices,
    doctor,
    emulate,
    export,
    forms,
    history,
    import_,
    metrics,
    replay,
    report,
    simulate,
    study,
    train,
    verify,
)
from neurofeedback.cli.helpers.common import echo, set_up_logging, use_language
from neurofeedback.cli.helpers.window import open_window
from neurofeedback.errors import EXIT_INTERRUPTED, NeurofeedbackError, RecordingError
from neurofeedback.texts.catalogue import error_text
from neurofeedback.texts.safe_text import escape_controls

app = typer.Typer(
    name="neurofeedback",
    help="Real-time EEG neurofeedback for meditation. Without a command, the window opens.",
    epilog="Exit codes: 0 done; 2 usage or settings; 3 device; 4 recording or file; 130 after Ctrl-C.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command(epilog=train.KEYS)(train.train)
for _command in (replay.replay, verify.verify, report.report, history.history, compare.compare, ask.ask):
    app.command()(_command)
app.command("import")(import_.import_)
app.command()(export.export)
app.add_typer(forms.forms_app, name="forms")
app.add_typer(forms.session_app, name="session")
app.add_typer(course.course_app, name="course")
app.add_typer(course.participant_app, name="participant")
app.add_typer(study.study_app, name="study")
app.add_typer(decoder.decoder_app, name="decoder")
for _command in (check.check, devices.devices, doctor.doctor, simulate.simulate):
    app.command()(_command)
app.add_typer(emulate.emulate_app, name="emulate")
app.command()(metrics.metrics)


def _show_version(wanted: bool) -> None:
    if wanted:
        echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print a log on stderr.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
    language: Annotated[
        str, typer.Option(help="Language of texts and voice: en or de; else the window's, else the system's.")
    ] = "",
) -> None:
    """Set up logging and the language, and open the window when no command is given."""
    set_up_logging(verbose=verbose)
    use_language("en" if "--json" in sys.argv else language)  # what programs read is English
    if context.invoked_subcommand is None:
        raise typer.Exit(open_window())


def main() -> None:
    """Run the program and exit with its code; expected errors become one message on stderr."""
    _replace_unencodable()
    sys.argv[1:] = map(_escape_option, sys.argv[1:])
    try:
        _run()
    except SystemExit as end:
        if _device_is_busy():
            _exit_at_once(end.code)
        raise


def _escape_option(argument: str) -> str:
    """Escape control characters in the name of an option, which an error would repeat as it is."""
    name, equals, value = argument.partition("=")
    return f"{escape_controls(name)}{equals}{value}" if argument.startswith("-") else argument


def _run() -> None:
    try:
        app(prog_name="neurofeedback")
    except NeurofeedbackError as error:
        _record(error)
        echo(f"neurofeedback: {error_text(error)}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        logging.getLogger(__name__).debug("unexpected error of the system", exc_info=True)
        _record(error)
        place = f"{error.filename}: " if error.filename else ""
        failure = RecordingError(
            "a file or the output failed",
            got=f"{place}{error.strerror}",
            todo="free disk space, or check the permissions of that path",
        )
        sys.stdout = None  # flushing it at exit would fail again
        echo(f"neurofeedback: {error_text(failure)}", err=True)
        sys.exit(failure.exit_code)
    except Exception as error:
        _record(error)
        raise


def _record(error: Exception) -> None:
    from neurofeedback.storage.error_log import record_error  # after an error only

    record_error(error)


def _device_is_busy() -> bool:
    reconnect = sys.modules.get("neurofeedback.acquisition.reconnect")  # importing it would load NumPy
    return reconnect is not None and reconnect.device_is_busy()


def _exit_at_once(code: str | int | None) -> NoReturn:
    """End the process without its shutdown, which crashes or waits while a thread is inside a device's driver."""
    atexit._run_exitfuncs()  # noqa: SLF001 - os._exit skips them, and no public function runs them
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _replace_unencodable() -> None:
    """Print a question mark for letters that the terminal's encoding lacks, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
