"""What `scribe up` says: little, in the language of the terminal, and nothing twice.

Owns the words and their order; never a decision. A terminal that was closed must not keep the service from stopping,
so what cannot be written is dropped.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from scribe.adapters.servers.supervision import Ended
from scribe.domain.typography import ReadingLanguage

_WORDS: Mapping[ReadingLanguage, Mapping[str, str]] = {
    "en": {
        "point": ".",
        "starting": "Smart Meeting Scribe is starting ...",
        "first_start": "First start: the database is being made.",
        "ready": "Ready in {seconds} s.",
        "not_ready": "It runs, but not everything answers yet: {what}. `{command} doctor` says what to do.",
        "address": "Address",
        "documentation": "API to try out",
        "data": "Data",
        "logs": "Logs",
        "database": "Database",
        "queue": "Queue",
        "files": "Files",
        "begin": "Begin here",
        "sign_in": "First sign-in",
        "one_time": "(one-time password; you choose your own at the first sign-in)",
        "token": "A token for curl",
        "stop": "Stop",
        "stop_how": "Ctrl-C",
        "stopping": "Stopping: requests under way are finished, meetings go back into the queue. Ctrl-C again hastens.",
        "stopped": "Stopped. The next start goes on where this one ended.",
        "killed": "{name} did not stop in time and was ended.",
        "ended": "{name} ended ({reason}); started again in {seconds} s. Its log: {log}",
        "missing_models": "Missing: {names}. Meetings fail until you run `{command} models pull --default`.",
        "no_workers": "No worker runs here (SCRIBE_WORKERS=0): meetings wait for one elsewhere.",
        "closed_to_network": "Only this machine reaches it; SCRIBE_API__HOST=0.0.0.0 opens it to the network.",
    },
    "fr": {
        "point": ",",
        "starting": "Smart Meeting Scribe démarre…",
        "first_start": "Premier démarrage : création de la base de données.",
        "ready": "Prêt en {seconds} s.",
        "not_ready": "Le service tourne, mais tout ne répond pas encore : {what}. `{command} doctor` dit quoi faire.",
        "address": "Adresse",
        "documentation": "API à essayer",
        "data": "Données",
        "logs": "Journaux",
        "database": "Base de données",
        "queue": "File d’attente",
        "files": "Fichiers",
        "begin": "Commencez ici",
        "sign_in": "Première connexion",
        "one_time": "(mot de passe à usage unique ; vous choisirez le vôtre à la première connexion)",
        "token": "Un jeton pour curl",
        "stop": "Arrêter",
        "stop_how": "Ctrl-C",
        "stopping": "Arrêt : les requêtes en cours se terminent, les réunions retournent dans la file. "
        "Ctrl-C une seconde fois pour presser.",
        "stopped": "Arrêté. Le prochain démarrage reprendra où celui-ci s’est arrêté.",
        "killed": "{name} ne s’est pas arrêté à temps : il a été interrompu.",
        "ended": "{name} s’est arrêté ({reason}) ; redémarrage dans {seconds} s. Son journal : {log}",
        "missing_models": "Il manque : {names}. Les réunions échoueront jusqu’à `{command} models pull --default`.",
        "no_workers": "Aucun worker ici (SCRIBE_WORKERS=0) : les réunions en attendent un ailleurs.",
        "closed_to_network": "Seule cette machine y accède ; SCRIBE_API__HOST=0.0.0.0 l’ouvre au réseau.",
    },
}


@dataclass(frozen=True, slots=True)
class Started:
    """What the screen shows once everything answers."""

    seconds: float
    address: str
    folder: Path
    logs: Path
    database: str | None
    """Shown where it is not our own; without its password. The same for the next two."""
    queue: str | None
    files: str | None
    username: str
    password: str | None
    command: str
    """How `scribe` is typed in another terminal."""
    is_closed_to_network: bool
    num_workers: int


class Screen:
    def __init__(self, console: Console, language: ReadingLanguage) -> None:
        self._console = console
        self._words = _WORDS[language]

    def starting(self, *, is_first: bool) -> None:
        self._say(Text(self._words["starting"], style="bold"))
        if is_first:
            self._say(Text(self._words["first_start"], style="dim"))

    def ready(self, started: Started) -> None:
        seconds = self._words["ready"].format(seconds=f"{started.seconds:.1f}".replace(".", self._words["point"]))
        self._say(Text(seconds, style="green"))
        self._say(Text(""))
        self._fact("address", started.address, style="bold cyan")
        self._fact("documentation", f"{started.address}/docs")
        self._fact("data", str(started.folder))
        for name, value in (("database", started.database), ("queue", started.queue), ("files", started.files)):
            if value is not None:
                self._fact(name, value)
        self._fact("logs", str(started.logs))
        if started.password is not None:
            self._say(Text(""))
            # Behind the #: a browser sends it to no server, so that it stands in no log.
            self._fact("begin", f"{started.address}/welcome#{started.password}", style="bold cyan")
            self._fact("sign_in", f"{started.username}  {started.password}", style="bold")
            self._fact("", self._words["one_time"], style="dim")
        self._say(Text(""))
        self._fact("token", f"{started.command} token create")
        self._fact("stop", self._words["stop_how"])
        self._say(Text(""))
        if started.is_closed_to_network:
            self._say(Text(self._words["closed_to_network"], style="dim"))
        if started.num_workers == 0:
            self._warn("no_workers")

    def not_ready(self, what: Sequence[str], command: str) -> None:
        self._warn("not_ready", what=", ".join(what), command=command)

    def missing_models(self, names: Sequence[str], command: str) -> None:
        self._warn("missing_models", names=", ".join(names), command=command)

    def ended(self, event: Ended) -> None:
        self._warn(
            "ended",
            name=event.part.name,
            reason=event.reason,
            seconds=f"{event.again_in_s:g}".replace(".", self._words["point"]),
            log=str(event.part.log),
        )

    def trouble(self, name: str, event: Mapping[str, Any]) -> None:
        """A line of a child's log."""
        keys = " ".join(
            f"{key}={value}" for key, value in event.items() if key not in {"event", "level", "timestamp", "exception"}
        )
        self._line("!", f"{name}: {event.get('event')} {keys}".strip()[:300])

    def stopping(self) -> None:
        self._say(Text(""))
        self._say(Text(self._words["stopping"]))

    def killed(self, name: str) -> None:
        self._warn("killed", name=name)

    def stopped(self) -> None:
        self._say(Text(self._words["stopped"]))

    def _fact(self, label: str, value: str, style: str = "") -> None:
        self._say(Text.assemble(f"  {self._words.get(label, ''):<20}", (value, style)))

    def _warn(self, sentence: str, **facts: Any) -> None:
        self._line("!", self._words[sentence].format(**facts))

    def _line(self, mark: str, text: str) -> None:
        self._say(Text.assemble((f"{time.strftime('%H:%M:%S')} ", "dim"), (f"{mark} ", "yellow"), text))

    def _say(self, text: Text) -> None:
        with suppress(OSError):
            self._console.print(text, soft_wrap=True, highlight=False)
