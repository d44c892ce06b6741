//! The one list of problem codes.

use super::Severity;

/// Declares the codes: variant, how bad it is, slug. What it means stands on its page, `docs/errors/SLUG.md`.
macro_rules! codes {
    ($($variant:ident $severity:ident $slug:literal),* $(,)?) => {
        /// A kind of problem. Its slug names the documentation page and the fixture.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!("`", $slug, "`")] $variant),*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that users see and write.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),* }
            }

            /// How bad it is, unless the place says otherwise.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// Its page in Markdown: what it means, an example, why it matters, what to write instead.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../../../docs/errors/", $slug, ".md"))),*
                }
            }
        }
    };
}

codes! {
    // Text and YAML
    YamlSyntax Error "yaml-syntax",
    YamlFeature Error "yaml-feature",
    YamlLimit Error "yaml-limit",
    DuplicateKey Error "duplicate-key",
    UnknownKey Error "unknown-key",
    MissingKey Error "missing-key",
    WrongKind Error "wrong-kind",
    ConflictingKeys Error "conflicting-keys",
    InvalidName Error "invalid-name",
    DuplicateName Error "duplicate-name",
    InvalidValue Error "invalid-value",
    // Templates, expressions, paths
    TemplateSyntax Error "template-syntax",
    TemplatePlace Error "template-place",
    ExpressionType Error "expression-type",
    UnknownName Error "unknown-name",
    UnknownFunction Error "unknown-function",
    JsonpathSyntax Error "jsonpath-syntax",
    UnknownMember Error "unknown-member",
    InvalidRegex Error "invalid-regex",
    InvalidDuration Error "invalid-duration",
    MaybeAbsent Error "maybe-absent",
    // Actions and arguments
    UnknownAction Error "unknown-action",
    UnknownArgument Error "unknown-argument",
    MissingArgument Error "missing-argument",
    ArgumentType Error "argument-type",
    UnknownInput Error "unknown-input",
    InputType Error "input-type",
    UnknownPlaybook Error "unknown-playbook",
    UnlistedNeed Error "unlisted-need",
    UnknownErrorCode Warning "unknown-error-code",
    UnknownLevel Error "unknown-level",
    // What is shown
    SecretShown Error "secret-shown",
    // Steps and graphs
    Cycle Error "cycle",
    ForwardReference Error "forward-reference",
    WriteInReadingGraph Error "write-in-reading-graph",
    MisplacedKey Error "misplaced-key",
    UnknownCause Error "unknown-cause",
    CauseWithoutRemedy Error "cause-without-remedy",
    NoClaim Error "no-claim",
    // What is well-formed and cannot be meant
    NeverTrue Warning "never-true",
    NeverFalse Warning "never-false",
    UnreachableStep Warning "unreachable-step",
    UnreadAssertion Warning "unread-assertion",
    TruncatedDiagnosis Warning "truncated-diagnosis",
    UnusedInput Lint "unused-input",
    UnusedCapture Lint "unused-capture",
    UnverifiedWrite Lint "unverified-write",
    // Comments of the file
    InvalidAllow Error "invalid-allow",
    UnusedAllow Warning "unused-allow",
    AllowWithoutReason Warning "allow-without-reason",
    // Scenarios
    ScenarioResponse Error "scenario-response",
    ScenarioExpectation Error "scenario-expectation",
    UnreachedEntry Warning "unreached-entry",
    // Files of targets
    UnknownAccount Error "unknown-account",
    DuplicateTarget Error "duplicate-target",
    UnmatchedExclusion Warning "unmatched-exclusion",
    // Pages and scripts that are imported
    ShellSyntax Error "shell-syntax",
    Placeholder Warning "placeholder",
    UndefinedVariable Warning "undefined-variable",
    EndlessCommand Warning "endless-command",
}

impl Code {
    /// The code with a slug.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.slug() == slug)
    }

    /// The code that was probably meant.
    #[must_use]
    pub fn similar(slug: &str) -> Option<Self> {
        let wanted = slug.to_lowercase().replace(['_', ' '], "-");
        let near = 1 + wanted.len() / 4;
        Self::ALL
            .iter()
            .map(|code| (strsim::damerau_levenshtein(&wanted, code.slug()), *code))
            .filter(|(distance, _)| *distance <= near && *distance < wanted.len())
            .min()
            .map(|(_, code)| code)
    }

    /// What it means, in one sentence: the first one of its page.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.page()
            .lines()
            .skip(1)
            .find(|line| !line.is_empty())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::HashSet;

    #[test]
    fn slugs_are_unique_kebab_case() {
        let slugs: HashSet<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
        assert_eq!(slugs.len(), Code::ALL.len());
        for code in Code::ALL {
            let slug = code.slug();
            assert!(
                slug.chars()
                    .all(|each| each.is_ascii_lowercase() || each == '-'),
                "{slug}"
            );
            assert_eq!(Code::from_slug(slug), Some(*code));
        }
    }

    #[test]
    fn every_page_begins_with_its_slug_and_one_sentence() {
        for code in Code::ALL {
            let slug = code.slug();
            assert!(code.page().starts_with(&format!("# {slug}\n\n")), "{slug}");
            assert!(code.meaning().ends_with('.'), "{slug}");
            assert!(code.meaning().len() <= 100, "{slug}: say it shorter");
        }
    }
}
