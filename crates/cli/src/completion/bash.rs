//! Bash, which takes a line apart at `:` and `=`: the parts of `ecs:DescribeServices` are put together again before they are
//! completed, and what comes back loses what stands before the cursor already.

use clap_complete::env::{self, EnvCompleter};
use std::ffi::OsString;
use std::io::{Result, Write};
use std::path::Path;

const SCRIPT: &str = r#"_runbook_complete() {
    local IFS=$'\013' words=() word before= index=0 at ahead=
    for at in "${!COMP_WORDS[@]}"; do
        word="${COMP_WORDS[at]}"
        # What the line does not part by blanks is one word.
        if [[ -n "$before" && ( "$word" == [:=]* || "$before" == *[:=] ) \
            && "$COMP_LINE" == *"$before$word"* ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
        before="$word"
        (( at == COMP_CWORD )) && index=$(( ${#words[@]} - 1 ))
    done
    word="${words[index]}"
    if [[ "$word" == *[:=]* ]]; then
        ahead="${word%[:=]*}"
        ahead="${word:0:${#ahead}+1}"
        [[ "$COMP_WORDBREAKS" == *"${ahead: -1}"* ]] || ahead=
    fi
    COMPREPLY=( $( \
        _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$index" _CLAP_COMPLETE_COMP_TYPE="$COMP_TYPE" \
        _CLAP_COMPLETE_SPACE=false VAR=bash \
        COMPLETER -- "${words[@]}" 2>/dev/null \
    ) )
    COMPREPLY=( "${COMPREPLY[@]#"$ahead"}" )
    if (( ${#COMPREPLY[@]} == 1 )) && [[ "${COMPREPLY[0]}" != *[=/:] ]]; then
        COMPREPLY[0]+=" "
    fi
}
complete -o nospace -o bashdefault -F _runbook_complete BIN
"#;

/// Bash.
pub struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        _: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<()> {
        let script = SCRIPT.replace("VAR", var);
        let script = script.replace("COMPLETER", completer).replace("BIN", bin);
        buf.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<()> {
        env::Bash.write_complete(cmd, args, current_dir, buf)
    }
}
