"""Scripts that complete the program's words in a shell; made once, so that a key press starts no Python."""

import shlex
from collections.abc import Iterable, Mapping, Sequence

from vcam.shell.words import Command, Words

BASH = """\
_sharpkd_words() {
    case "$1" in
CASES
        *) return 1 ;;
    esac
}
_sharpkd() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
    local command="" words="" last="" count=0 i
    if [ "$current" = "=" ]; then current=""
    elif [ "$before" = "=" ]; then before="${COMP_WORDS[COMP_CWORD-2]}"; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${COMP_WORDS[i]}" in
            --*) ;;
            *) if [ -z "$command" ]; then command="${COMP_WORDS[i]}"
               else last="${COMP_WORDS[i]}"; count=$((count + 1)); fi ;;
        esac
    done
    if [ "$command" = set ] && [ $((count % 2)) = 1 ]; then before="$last"; fi
    if ! words="$(_sharpkd_words "$command $before")"; then
        case "$current" in
            -*) words="$(_sharpkd_words "$command -")" ;;
            *) words="$(_sharpkd_words "$command")" ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _sharpkd sharpkd
"""
ZSH = """\
whence compdef > /dev/null || { autoload -U compinit && compinit; }
autoload -U +X bashcompinit && bashcompinit
"""
FISH = """\
function __sharpkd_setting
    set -l given (string match -v -- '--*' (commandline -opc))[3..]
    test (math (count $given) % 2) -eq 1; and echo $given[-1]
end
complete -c sharpkd -f
"""


def bash_script(commands: Sequence[Command], options: Iterable[str], settings: Mapping[str, Words]) -> str:
    """For bash.

    options   of the program itself, before any command
    settings  what the values of `set` may be
    """
    rows = _places(commands, options, settings).items()
    cases = [f"        {shlex.quote(place)}) echo {shlex.quote(' '.join(words))} ;;" for place, words in rows]
    return BASH.replace("CASES", "\n".join(cases), 1)


def zsh_script(commands: Sequence[Command], options: Iterable[str], settings: Mapping[str, Words]) -> str:
    """For zsh, which can run bash's."""
    return ZSH + bash_script(commands, options, settings)


def fish_script(commands: Sequence[Command], options: Iterable[str], settings: Mapping[str, Words]) -> str:
    """For fish, which shows what each word is for."""
    lines = [
        _fish("__fish_use_subcommand", f"-l {option.lstrip('-')}") for option in options if option[1] == "-"
    ]
    for command in commands:
        seen = f"__fish_seen_subcommand_from {command.name}"
        lines.append(_fish("__fish_use_subcommand", f"-a {command.name} -d {_quote(command.summary)}"))
        for option in command.options:
            name = next(spelling for spelling in option.spellings if spelling.startswith("--"))
            value = f" -x -a {_quote(' '.join(option.words))}" if option.words else " -r -F"
            lines.append(
                _fish(seen, f"-l {name[2:]}{value if option.metavar else ''} -d {_quote(option.help)}")
            )
        if command.takes_any:
            lines.append(_fish(seen, "-F"))
        elif command.words:
            is_key = "; and not count (__sharpkd_setting) > /dev/null" if command.name == "set" else ""
            lines.append(_fish(seen + is_key, f"-a {_quote(' '.join(command.words))}"))
    for key, words in settings.items():
        if words:
            at = f"__fish_seen_subcommand_from set; and contains -- {key} (__sharpkd_setting)"
            lines.append(_fish(at, f"-a {_quote(' '.join(words))}"))
    return FISH + "\n".join(lines) + "\n"


SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


def _places(
    commands: Sequence[Command], options: Iterable[str], settings: Mapping[str, Words]
) -> dict[str, Words]:
    """Words by where they stand: after a command, as its options ("run -"), as a value ("run --sink")."""
    places: dict[str, Words] = {"": tuple(one.name for one in commands), " -": tuple(options)}
    for command in commands:
        spellings = tuple(
            spelling for option in command.options for spelling in option.spellings if len(spelling) > 2
        )
        places[f"{command.name} -"] = spellings
        places[command.name] = command.words or (() if command.takes_any else spellings)
        for option in command.options:
            for spelling in option.spellings if option.metavar else ():
                places[f"{command.name} {spelling}"] = option.words
    return {**places, **{f"set {key}": words for key, words in settings.items()}}


def _fish(condition: str, rest: str) -> str:
    return f"complete -c sharpkd -n {_quote(condition)} {rest}"


def _quote(text: str) -> str:
    """As fish reads a text in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
