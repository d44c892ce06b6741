//! Arguments of `runbook completions`.

use clap::{Args, ValueEnum};

/// `runbook completions`
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that can ask the program what may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// `source <(runbook completions bash)` in ~/.bashrc
    Bash,
    /// `source <(runbook completions zsh)` in ~/.zshrc, after `compinit`
    Zsh,
    /// `runbook completions fish > ~/.config/fish/completions/runbook.fish`
    Fish,
    /// `runbook completions powershell | Out-String | Invoke-Expression` in $PROFILE
    Powershell,
}
